import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { withMeasuredTables } from '../../scripts/measured-tables';

/** Columns are aligned for who reads the text. */
const withoutAlignment = (text: string) =>
  text
    .replace(/ +/g, ' ')
    .replace(/-{3,}/g, '---')
    .replace(/\n{2,}/g, '\n');

const root = path.join(__dirname, '../..');

test('CONTRIBUTING leads a newcomer only to files and folders that exist', () => {
  const contributing = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8');
  const named = [...contributing.matchAll(/`([\w-]+(?:\/[\w.-]+)+)`/g)].map(([, name = '']) => name);
  expect(named.filter((name) => name.startsWith('commands/')).length).toBeGreaterThan(10);
  const built = /^(dist|bench\/results|docs\/images)\//;
  const missing = named.filter(
    (name) => !built.test(name) && !['', 'src'].some((folder) => existsSync(path.join(root, folder, name))),
  );
  expect(missing).toEqual([]);
});

test('the tables of the README are what was measured', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  expect(readme).toContain('<!-- measured: reliability -->');
  expect(withoutAlignment(readme)).toBe(withoutAlignment(withMeasuredTables(readme)));
});
