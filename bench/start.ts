import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Benchmark } from './support/benchmark';
import { cleanEnvironment } from './support/child';
import { publish } from './support/results';
import { median } from './support/statistics';

const CLI = path.resolve(__dirname, '../dist/cli.js');
const ROUNDS = 25;
/** Bash writes the processor time of the command, which Node does not tell about a child. */
const TIMED = '"$@" > /dev/null && times';

interface Measured {
  milliseconds: number;
  cpuMilliseconds: number;
}

/** Measures how long a command of ours takes that sends no request, next to a Node that does nothing. */
export const start: Benchmark = async ({ ghost, folder }) => {
  const nothing = path.join(folder, 'nothing.js');
  writeFileSync(nothing, '');
  const dryRun = ['provision', '--dry-run', '--domain', 'images.example.com', '--region', 'eu-central-1', '--no-ghost'];
  const commands: Record<string, string[]> = {
    'bare node': [nothing],
    '--help': [CLI, '--help'],
    'provision --dry-run': [CLI, ...dryRun],
  };
  const found = Object.entries(commands).map(([name, args]) => ({ name, args, times: [] as Measured[] }));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { args, times } of found) {
      const measured = await measure(args, folder);
      // The first round reads from the disk.
      if (round > 0) {
        times.push(measured);
      }
    }
  }
  const medians = found.map(({ name, times }) => ({
    name,
    milliseconds: median(times.map(({ milliseconds }) => milliseconds)),
    cpuMilliseconds: median(times.map(({ cpuMilliseconds }) => cpuMilliseconds)),
  }));
  const [bare] = medians;
  const rows = medians.map(({ name, milliseconds, cpuMilliseconds }) => ({
    name,
    values: {
      ms: milliseconds,
      'CPU, ms': cpuMilliseconds,
      'times node': milliseconds / (bare?.milliseconds ?? NaN),
      'times node, CPU': cpuMilliseconds / (bare?.cpuMilliseconds ?? NaN),
    },
  }));
  const title = 'Commands that send no request, next to a Node that does nothing';
  publish({ id: 'start', title, rows, compared: 'ms', moreIsBetter: false }, ghost.version);
};

async function measure(args: string[], cwd: string): Promise<Measured> {
  const begin = performance.now();
  const { stdout } = await promisify(execFile)('bash', ['-c', TIMED, 'bash', process.execPath, ...args], {
    cwd,
    env: cleanEnvironment(),
  });
  const milliseconds = performance.now() - begin;
  // The second line is that of the children: user and system.
  const times = [...(stdout.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  const cpuMilliseconds = times.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  );
  return { milliseconds, cpuMilliseconds };
}
