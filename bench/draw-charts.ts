// Draws all charts again from bench/results, without measuring anything.
//
//   npm run charts
import { CHART_IDS, drawChart } from './support/charts';

async function main(): Promise<void> {
  for (const id of CHART_IDS) {
    await drawChart(id);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
