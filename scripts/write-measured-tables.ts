// Writes the README's tables from the benchmark results. `npm run measured` then aligns their columns.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withMeasuredTables } from './measured-tables';

const readme = path.resolve(__dirname, '../README.md');
writeFileSync(readme, withMeasuredTables(readFileSync(readme, 'utf8')));
