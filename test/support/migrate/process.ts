import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ContentFolder } from './command';

const CLI = path.resolve(__dirname, '../../../dist/cli.js');

/** Runs the built command on a content folder. `peakBytes` is its peak memory, which only Linux reports. */
export function startMigrate(folder: ContentFolder, ...options: string[]) {
  const child = spawn(process.execPath, [CLI, 'migrate', '--config', folder.config, ...options], {
    cwd: path.dirname(folder.content),
    // With the variables that the test has set.
    env: process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let peakBytes = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const watch = setInterval(() => {
    try {
      const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      peakBytes = Math.max(peakBytes, Number(kilobytes) * 1024);
    } catch {
      // The process has ended.
    }
  }, 20);
  const end = async () => {
    const [code] = (await once(child, 'exit')) as [number | null];
    clearInterval(watch);
    return { code, said, peakBytes };
  };
  return { child, ended: end() };
}
