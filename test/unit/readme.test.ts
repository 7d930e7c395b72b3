import { readFileSync } from 'node:fs';
import path from 'node:path';
import { withMeasuredTables } from '../../scripts/measured-tables';

/** Columns are aligned for who reads the text. */
const withoutAlignment = (text: string) =>
  text
    .replace(/ +/g, ' ')
    .replace(/-{3,}/g, '---')
    .replace(/\n{2,}/g, '\n');

test('the tables of the README are what was measured', () => {
  const readme = readFileSync(path.join(__dirname, '../../README.md'), 'utf8');
  expect(readme).toContain('<!-- measured: reliability -->');
  expect(withoutAlignment(readme)).toBe(withoutAlignment(withMeasuredTables(readme)));
});
