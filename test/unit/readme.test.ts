import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { measured } from '../../scripts/measured-results';
import { withMeasuredTables } from '../../scripts/measured-tables';

/** Columns are aligned for people who read the text. */
const withoutAlignment = (text: string) =>
  text
    .replace(/ +/g, ' ')
    .replace(/-{3,}/g, '---')
    .replace(/\n{2,}/g, '\n');

const root = path.join(__dirname, '../..');
const read = (name: string) => readFileSync(path.join(root, name), 'utf8');
const readme = read('README.md');

test('CONTRIBUTING leads a newcomer only to files and folders that exist', () => {
  const contributing = read('CONTRIBUTING.md');
  const named = [...contributing.matchAll(/`([\w-]+(?:\/[\w.-]+)+)`/g)].map(([, name = '']) => name);
  expect(named.filter((name) => name.startsWith('commands/')).length).toBeGreaterThan(10);
  const built = /^(dist|bench\/results|docs\/images)\//;
  const missing = named.filter(
    (name) => !built.test(name) && !['', 'src'].some((folder) => existsSync(path.join(root, folder, name))),
  );
  expect(missing).toEqual([]);
});

test('the tables of the benchmarks are what was measured', () => {
  const page = read('docs/benchmarks.md');
  expect(page).toContain('<!-- measured: reliability -->');
  expect(withoutAlignment(page)).toBe(withoutAlignment(withMeasuredTables(page)));
});

describe('the README', () => {
  test('is read to its end: at most 180 lines and 1,300 words', () => {
    expect(readme.split('\n').length - 1).toBeLessThanOrEqual(180);
    expect(readme.split(/\s+/).filter(Boolean).length).toBeLessThanOrEqual(1300);
  });

  const adapters = ['S3CloudFrontStorage', "Ghost's S3Storage", 'ghos3', 'ghost-storage-adapter-s3'];
  const inSeconds = (ms: number) => `${ms < 1000 ? (ms / 1000).toFixed(2) : Math.round(ms / 1000)} s`;
  const rounded = (seconds: number) => `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  test.each([
    ['Lost of 1,000 same-named uploads, 4 processes', 'reliability-race', 'lost', String],
    ['Stored of 1,000 uploads on a bad network', 'reliability-network', 'stored intact', String],
    ['Saving an image when 5,000 others have its name', 'taken', '5000 taken, ms', inSeconds],
    ['Uploading a 300 MB video', 'large', 'seconds', rounded],
  ])('gives the measured numbers: %s', (words, id, column, shown) => {
    const line = readme.split('\n').find((row) => row.startsWith(`| ${words} `));
    const cells = line?.split('|').slice(2, -1);
    const values = adapters.map((name) => shown(measured(id, name)[column] as number));
    expect(cells?.map((cell) => cell.trim())).toEqual([`**${values[0]}**`, ...values.slice(1)]);
  });

  test('says at once what was measured against Ghost’s own adapter', () => {
    const { lost } = measured('reliability-race', adapters[1] as string);
    const [ours, core] = adapters.map((name) => rounded(measured('large', name).seconds as number));
    expect(readme.slice(0, 800)).toContain(`0 of 1,000 same-named uploads lost instead of ${lost}`);
    expect(readme.slice(0, 800)).toContain(`${ours} for a 300 MB video instead of ${core}`);
    expect(measured('reliability-race', adapters[0] as string).lost).toBe(0);
  });

  test('gives the measured time of an ordinary upload', () => {
    const [ours = 0, ...others] = adapters.map((name) => Math.round(measured('save', name)['ms each'] as number));
    expect(readme).toContain(`saving takes ${ours} ms, and ${Math.min(...others)} to ${Math.max(...others)} ms with`);
  });
});
