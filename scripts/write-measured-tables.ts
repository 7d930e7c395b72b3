// Brings the tables of the README up to what the benchmarks have written. `npm run measured` aligns their columns then.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withMeasuredTables } from './measured-tables';

const readme = path.resolve(__dirname, '../README.md');
writeFileSync(readme, withMeasuredTables(readFileSync(readme, 'utf8')));
