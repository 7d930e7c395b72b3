// Runs the benchmarks, or those that are named: every adapter and this one, side by side, on the same server. Prints
// tables, writes bench/results/NAME.json and docs/images/bench-NAME.svg.
//
//   npm run bench
//   npm run bench -- save serve
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type GhostInstall, installGhost } from '../test/support/ghost/install';
import { editors } from './editors';
import { footprint } from './footprint';
import { large } from './large';
import { migrate } from './migrate';
import { save } from './save';
import { serve } from './serve';
import { size } from './size';
import { installPeers } from './support/peers';
import { taken } from './taken';

/** What a benchmark works with. */
export interface Bench {
  ghost: GhostInstall;
  /** For files of its own. */
  folder: string;
}

export type Benchmark = (bench: Bench) => Promise<void>;

const BENCHMARKS: Record<string, Benchmark> = { save, taken, large, editors, serve, size, footprint, migrate };

async function main(wanted: string[]): Promise<void> {
  const unknown = wanted.find((name) => !Object.hasOwn(BENCHMARKS, name));
  if (unknown !== undefined) {
    throw new Error(`There is no benchmark "${unknown}". There are: ${Object.keys(BENCHMARKS).join(', ')}`);
  }
  installPeers();
  const ghost = await installGhost({ version: '6' });
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    for (const [name, run] of Object.entries(BENCHMARKS)) {
      if (wanted.length === 0 || wanted.includes(name)) {
        await run({ ghost, folder });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
