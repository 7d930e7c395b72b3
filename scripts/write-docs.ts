// Writes docs/commands.md, and the options in docs/configuration.md. `npm run docs` then aligns the columns of their tables.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandsPage } from './docs/commands-page';
import { withOptions } from './docs/options-table';

const docs = path.resolve(__dirname, '../docs');
writeFileSync(path.join(docs, 'commands.md'), commandsPage());
const configuration = path.join(docs, 'configuration.md');
writeFileSync(configuration, withOptions(readFileSync(configuration, 'utf8')));
