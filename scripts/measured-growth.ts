// The table of docs/benchmarks.md that shows how the time grows, from the results of several benchmarks.
import { facts, measured, number, read, tableOf } from './measured-results';

/** How much one of many takes, in the order of their number. */
interface Growth {
  /** With the unit of the values. */
  words: string;
  steps: { size: number; value: number }[];
}

const OURS = ['S3CloudFrontStorage', 'migrate'];

/** Returns the steps of this adapter in points. */
function stepsOf(id: string, size: string, value: (point: Record<string, string | number>) => number) {
  return (read(id).points ?? [])
    .filter(({ name }) => OURS.includes(String(name)))
    .map((point) => ({ size: Number(point[size]), value: value(point) }));
}

/** Returns everything that can grow, with what this adapter needs for it. */
export function growths(): Growth[] {
  const each = (id: string) => stepsOf(id, 'size', (point) => Number(point['ms each']));
  const names = measured('taken', 'S3CloudFrontStorage');
  return [
    { words: 'Visitors who get an image at the same time: ms for each', steps: each('growth-visitors') },
    { words: 'Editors who save images at the same time: ms for each image', steps: each('growth-editors') },
    { words: 'Megabytes of one upload: ms for each', steps: each('growth-megabytes') },
    {
      words: '… its memory, in MB',
      steps: stepsOf('growth-megabytes', 'size', (point) => Number(point['extra MB'])),
    },
    {
      words: 'Other images that have the name: ms in total',
      steps: [10, 500, 5_000].map((size) => ({ size, value: names[`${size} taken, ms`] ?? NaN })),
    },
    {
      words: 'Files of `migrate`: ms for each',
      steps: stepsOf('migrate', 'files', ({ files, seconds }) => (Number(seconds) * 1000) / Number(files)).filter(
        ({ size }) => size !== 20_000,
      ),
    },
  ];
}

export const measuredGrowth: Record<string, () => string> = {
  growth: () => {
    const lines = growths().map(({ words, steps }) => [
      words,
      steps.map(({ size }) => number(size)).join(' → '),
      steps.map(({ value }) => number(value)).join(' → '),
    ]);
    const ids = ['growth-visitors', 'growth-editors', 'growth-megabytes', 'taken', 'migrate'];
    return `${tableOf(['What grows', 'How many', 'Result'], lines)}\n\n${facts(ids, 'npm run bench -- growth taken migrate', ['node', 'ghost'])}`;
  },
};
