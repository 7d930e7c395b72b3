import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { localHosts } from '../local-hosts';

const cli = path.resolve(__dirname, '../../../dist/cli.js');

/** The built command in a separate process. */
export interface RunningCommand {
  child: ChildProcess;
  ended: Promise<{ status: number | null; stdout: string; stderr: string }>;
}

/**
 * Runs the built command line in a network in which some hosts are local.
 *
 * @param ports local ports, by host and port: `images.example.com:443`
 * @param env added to the variables it needs; this process's AWS variables are not passed on
 */
export function runCommandLine(
  args: string[],
  ports: Record<string, number>,
  env: Record<string, string> = {},
): RunningCommand {
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      AWS_EC2_METADATA_DISABLED: 'true',
      NO_COLOR: '1',
      ...localHosts(ports),
      ...env,
    },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Awaited<RunningCommand['ended']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
  return { child, ended };
}
