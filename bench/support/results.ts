import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import path from 'node:path';
import { ownVersion, PEERS } from './peers';
import { rounded } from './statistics';

const root = path.resolve(__dirname, '../..');

/** The result of one contender: numbers by their meaning and unit, `rate, 1/s`. */
export interface Row {
  name: string;
  values: Record<string, number | undefined>;
  /** What the contender can't do, and why. */
  remark?: string;
}

/** The results of a benchmark. */
export interface Results {
  /** Part of the file names: `save`. */
  id: string;
  title: string;
  rows: Row[];
  /** The column that is compared; `moreIsBetter` says in which direction. */
  compared: string;
  moreIsBetter: boolean;
  /** The command that ran it; default `npm run bench -- ID`. */
  command?: string;
  /** Versions of other programs that took part. */
  versions?: Record<string, string>;
  /** More numbers, for a chart. */
  points?: Record<string, string | number>[];
}

/** What a chart needs of the results that are in bench/results. */
export type PublishedResults = Pick<Results, 'id' | 'rows' | 'points'>;

const folder = path.join(root, 'bench/results');

/** Reads the last results of a benchmark. */
export const readResults = (id: string): PublishedResults => ({
  ...(JSON.parse(readFileSync(path.join(folder, `${id}.json`), 'utf8')) as Omit<PublishedResults, 'id'>),
  id,
});

/** Prints the results as a table with ratios, and writes them to bench/results. */
export function publish(results: Results, ghostVersion: string): void {
  show(results);
  mkdirSync(folder, { recursive: true });
  const facts = {
    title: results.title,
    date: new Date().toISOString().slice(0, 10),
    command: results.command ?? `npm run bench -- ${results.id.replace('-ceph', '')}`,
    machine: `${cpus().length} cores, Linux ${release().split('-')[0]}`,
    versions: {
      node: process.versions.node,
      ghost: ghostVersion,
      'ghost-storage-s3-cloudfront': ownVersion,
      ...PEERS,
      ...results.versions,
    },
    rows: results.rows,
    points: results.points,
  };
  writeFileSync(path.join(folder, `${results.id}.json`), `${JSON.stringify(facts, null, 2)}\n`);
}

function show({ title, rows, compared, moreIsBetter }: Results): void {
  const columns = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const own = rows.find(({ name }) => name === 'S3CloudFrontStorage')?.values[compared];
  const ratio = (value: number | undefined) => {
    if (own === undefined || value === undefined) {
      return '';
    }
    return `${rounded(moreIsBetter ? own / value : value / own)} ×`;
  };
  const lines = [
    ['', ...columns, `ours is better by`],
    ...rows.map(({ name, values, remark }) => [
      name,
      ...columns.map((column) => (values[column] === undefined ? '–' : rounded(values[column]))),
      remark ?? ratio(values[compared]),
    ]),
  ];
  const widths = lines[0]?.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0))) ?? [];
  console.log(`\n${title}`);
  for (const line of lines) {
    console.log(
      line
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join('  '),
    );
  }
}
