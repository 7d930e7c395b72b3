// The tables of docs/benchmarks.md that compare commands, not adapters.
import { facts, measured, of, read, tableOf } from './measured-results';

/** The numbers of files in the columns of the table. */
const COUNTS = [100, 1_000, 10_000, 20_000];

/** Returns the table of commands that copy files to a bucket. */
function migrate(): string {
  const { rows, points = [] } = read('migrate');
  const compared = rows.filter(({ name }) => !name.startsWith('migrate, '));
  const lines = compared.map(({ name, values, remark }) => {
    const isOurs = name === 'S3CloudFrontStorage';
    const seconds = COUNTS.map((count) => {
      const point = points.find((one) => one.name === (isOurs ? 'migrate' : name) && one.files === count);
      return of('seconds', ' s')(point ? { seconds: Number(point.seconds) } : {}) ?? '–';
    });
    const shown = [...seconds, of('memory, MB', ' MB')(values) ?? '–'];
    return [
      `${commandOf(isOurs ? 'migrate' : name)}${remark ? ` (${remark})` : ''}`,
      ...shown.map((cell) => (isOurs ? `**${cell}**` : cell)),
    ];
  });
  const heads = ['Files of 20 KB', ...COUNTS.map((count) => count.toLocaleString('en-US')), 'Memory with 20,000'];
  const many = rows
    .filter(({ name }) => name.startsWith('migrate, '))
    .map(({ name, values, remark = '' }) => {
      return `${name.replace('migrate, ', '')} (${remark}) took \`migrate\` ${of('seconds', ' s')(values)} and ${of('memory, MB', ' MB')(values)}.`;
    });
  return [
    tableOf(heads, lines),
    ...many,
    facts(['migrate'], 'npm run bench -- migrate', ['node', 'rclone', 'aws-cli']),
  ].join('\n\n');
}

/** Returns the command as it is typed; the results have a short name. */
const commandOf = (name: string): string =>
  name
    .replace(/^rclone/, 'rclone copy')
    .replace(/^(.*?)( again| with .*)?$/, '`$1`$2')
    .replace(/(max_concurrent_requests) 32/, '`$1 = 32`');

const COMMANDS: Record<string, string> = { 'bare node': '`node` with an empty file' };

/** Returns the table of commands that send no request. */
function start(): string {
  const lines = read('start').rows.map(({ name, values }) => [
    COMMANDS[name] ?? `\`${name}\``,
    of('ms', ' ms')(values) ?? '–',
    of('times node', ' ×')(values) ?? '–',
    of('CPU, ms', ' ms')(values) ?? '–',
    of('times node, CPU', ' ×')(values) ?? '–',
  ]);
  return [
    tableOf(['', 'Time', 'compared with `node`', 'Processor time', 'compared with `node`'], lines),
    facts(['start'], 'npm run bench -- start', ['node']),
  ].join('\n\n');
}

/** Returns the table of what the SDK can do without an adapter. */
function upload(): string {
  const lines = Object.entries({
    S3CloudFrontStorage: 'this adapter',
    'raw requests of 6 MiB, 8 at a time': 'plain requests of 6 MiB, 8 at a time',
    "lib-storage's Upload": '`Upload` of `@aws-sdk/lib-storage`',
    "lib-storage's Upload, 8 parts of 6 MiB": '`Upload` with 8 parts of 6 MiB at a time',
  }).map(([name, words]) => {
    const values = measured('large', name);
    return [words, of('seconds', ' s')(values) ?? '–', of('extra MB', ' MB')(values) ?? '–'];
  });
  return tableOf(['', 'Time', 'Memory'], lines);
}

/** The tables by their names in the page. */
export const measuredCommands: Record<string, () => string> = { migrate, start, upload };
