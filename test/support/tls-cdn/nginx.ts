import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ERROR_LOG, INTERNAL_SOCKET, nginxConfig, PING, type NginxSettings } from './nginx-config';
import { findTool } from './tools';

const START_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** An nginx of its own, in the foreground, with all of its files in one folder. */
export class Nginx {
  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {
    process.once('exit', this.killWithParent);
  }

  /** @throws Error with nginx' own words when it does not come up */
  static async start(settings: NginxSettings): Promise<Nginx> {
    const { folder } = settings;
    const configFile = join(folder, 'nginx.conf');
    await writeFile(configFile, nginxConfig(settings));
    // One that was killed leaves its socket, on which the next cannot listen.
    await rm(join(folder, INTERNAL_SOCKET), { force: true });
    const args = ['-p', folder, '-e', join(folder, ERROR_LOG), '-c', configFile];
    const nginx = new Nginx(folder, spawn(findTool('nginx') ?? 'nginx', args, { stdio: 'ignore' }));
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await nginx.answers())) {
      if (nginx.hasEnded() || Date.now() > deadline) {
        await nginx.stop();
        const log = await readFile(join(folder, ERROR_LOG), 'utf8').catch(() => '');
        throw new Error(`nginx did not come up:\n${log}`);
      }
      await sleep(POLL_MS);
    }
    return nginx;
  }

  /** Whether it answers; when it does, everything that was answered before is in the log. */
  answers(): Promise<boolean> {
    return new Promise((resolve) => {
      request({ socketPath: join(this.folder, INTERNAL_SOCKET), path: PING, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode === 204);
      })
        .once('error', () => resolve(false))
        .end();
    });
  }

  async stop(): Promise<void> {
    process.off('exit', this.killWithParent);
    if (this.hasEnded()) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }

  private hasEnded(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Not SIGKILL, which would leave nginx' worker behind. */
  private readonly killWithParent = () => this.child.kill('SIGTERM');
}
