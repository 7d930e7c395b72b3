import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CHART_IDS } from '../../bench/support/charts';
import { growths } from '../../scripts/measured-growth';
import { measured } from '../../scripts/measured-results';

const root = path.join(__dirname, '../..');
const read = (name: string) => readFileSync(path.join(root, name), 'utf8');
const charts = readdirSync(path.join(root, 'docs/images')).filter((name) => name.startsWith('bench-'));
const textOf = (name: string) => [...read(`docs/images/${name}`).matchAll(/>([^<]+)</g)].map(([, text]) => text);

test('every chart is drawn from results and shown on a page, and no other is there', () => {
  expect(charts.sort()).toEqual(CHART_IDS.map((id) => `bench-${id}.svg`).sort());
  const pages = read('docs/benchmarks.md') + read('README.md');
  expect(charts.filter((name) => !pages.includes(`images/${name})`))).toEqual([]);
});

test.each(charts)('%s has the names of the tables, and cuts none of them', (name) => {
  const text = textOf(name).join('\n');
  expect(text).not.toMatch(/S3CloudFrontStorage|…|picture|winds/);
  expect(text).toMatch(name === 'bench-reliability-soak.svg' ? /memory, MB/ : /this adapter/);
});

test('the chart of names says what the results say', () => {
  const [ours = 0, core = 0] = ['S3CloudFrontStorage', "Ghost's S3Storage"].map(
    (name) => (measured('taken', name)['5000 taken, ms'] as number) / 1000,
  );
  const words = `${Math.round(core / 60)} minutes against ${ours.toFixed(2)} s`;
  expect(textOf('bench-taken.svg').join('\n')).toContain(words);
});

test('what grows, grows in a straight line or less with this adapter', () => {
  for (const { words, steps } of growths()) {
    const [first, ...others] = steps.map(({ value }) => value);
    const last = others.at(-1) as number;
    const isMemory = words.startsWith('… its memory');
    // Memory grows up to a limit, which an upload of 500 MB has reached.
    const most = isMemory ? (others.at(-2) as number) : (first as number);
    expect(steps.length).toBeGreaterThanOrEqual(3);
    // Single measurements differ.
    expect({ words, grows: last > 1.5 * most }).toEqual({ words, grows: false });
  }
});
