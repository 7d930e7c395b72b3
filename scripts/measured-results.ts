// Reads bench/results, and formats what is there for the tables of docs/benchmarks.md.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '..');

export type Values = Record<string, number | undefined>;

export interface Results {
  date: string;
  command: string;
  machine: string;
  versions: Record<string, string>;
  rows: { name: string; values: Values; remark?: string }[];
  points?: Record<string, string | number>[];
}

/** @param id of the results in bench/results, such as `reliability-race` */
export const read = (id: string): Results =>
  JSON.parse(readFileSync(path.join(root, 'bench/results', `${id}.json`), 'utf8')) as Results;

/**
 * Returns what a benchmark measured.
 *
 * @param id of the results in bench/results, such as `reliability-race`
 * @param name of the adapter in them, such as `ghos3`
 */
export const measured = (id: string, name: string): Values =>
  read(id).rows.find((row) => row.name === name)?.values ?? {};

export const number = (value: number | undefined): string | undefined =>
  value?.toLocaleString('en-US', Math.abs(value) < 10 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 0 });
export const of = (column: string, unit: string) => (values: Values) => {
  const value = number(values[column]);
  return value && `${value}${unit}`;
};
export const both = (first: ReturnType<typeof of>, second: ReturnType<typeof of>) => (values: Values) => {
  const cells = [first(values), second(values)].filter((cell) => cell !== undefined);
  return cells.length > 0 ? cells.join(', ') : undefined;
};

/** Returns a table: the first column on the left, the numbers of the others on the right. */
export const tableOf = (heads: string[], lines: string[][]): string =>
  [heads, heads.map((_, index) => (index === 0 ? '---' : '---:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

const SOFTWARE: Record<string, string> = { node: 'Node', ghost: 'Ghost', rclone: 'rclone', 'aws-cli': 'AWS CLI' };

/** Returns a sentence that says when, with which command and on what the results were measured. */
export function facts(ids: string[], command: string, software: string[]): string {
  const results = ids.map(read);
  const dates = [...new Set(results.map(({ date }) => date))].sort();
  const machines = [...new Set(results.map(({ machine }) => machine))];
  const [first, last] = [dates[0], dates.at(-1)];
  const used = software.map((name) => {
    const versions = [...new Set(results.flatMap(({ versions }) => versions[name] ?? []))].sort();
    return `${SOFTWARE[name] ?? name} ${versions.join(' and ')}`;
  });
  return `Measured ${first === last ? `on ${first}` : `from ${first} to ${last}`} by \`${command}\` (${[...machines, ...used].join(', ')}).`;
}
