// Brings the tables of the README up to what the benchmarks have written.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withMeasuredTables } from './measured-tables';

async function main(): Promise<void> {
  const readme = path.resolve(__dirname, '../README.md');
  writeFileSync(readme, await withMeasuredTables(readFileSync(readme, 'utf8')));
}

void main();
