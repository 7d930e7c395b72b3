// Writes the tables of docs/benchmarks.md from the benchmark results. `npm run measured` then aligns their columns.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withMeasuredTables } from './measured-tables';

const page = path.resolve(__dirname, '../docs/benchmarks.md');
writeFileSync(page, withMeasuredTables(readFileSync(page, 'utf8')));
