import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen, stop } from '../local-server';
import { afterViewerFunction } from '../viewer-function';
import {
  ERROR_LOG,
  FUNCTION_RESULT,
  INTERNAL_SOCKET,
  nginxConfig,
  type NginxSettings,
  NOT_FOUND,
  PING,
} from './nginx-config';
import { findTool } from './tools';

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/** A separate nginx that runs in the foreground and keeps all of its files in one folder. */
export class Nginx {
  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
    private readonly viewerFunction: Server,
  ) {
    process.once('exit', this.killWithParent);
  }

  /** @throws Error with nginx's log when it does not start */
  static async start(settings: NginxSettings): Promise<Nginx> {
    const { folder } = settings;
    const configFile = join(folder, 'nginx.conf');
    const { ghost } = settings;
    const viewerFunction = createServer(({ url = '/', headers }, response) => {
      const { uri } = afterViewerFunction(
        { hasGhost: ghost !== undefined, formats: settings.formats },
        url,
        headers.accept,
      );
      response.setHeader(FUNCTION_RESULT, uri ?? NOT_FOUND).end();
    });
    await writeFile(configFile, nginxConfig(settings, await listen(viewerFunction)));
    // A killed nginx leaves its socket behind, on which the next one could not listen.
    await rm(join(folder, INTERNAL_SOCKET), { force: true });
    const args = ['-p', folder, '-e', join(folder, ERROR_LOG), '-c', configFile];
    const nginx = new Nginx(folder, spawn(findTool('nginx') ?? 'nginx', args, { stdio: 'ignore' }), viewerFunction);
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await nginx.answers())) {
      if (nginx.hasEnded() || Date.now() > deadline) {
        await nginx.stop();
        const log = await readFile(join(folder, ERROR_LOG), 'utf8').catch(() => '');
        throw new Error(`nginx did not start:\n${log}`);
      }
      await sleep(POLL_MS);
    }
    return nginx;
  }

  /** Returns whether nginx answers; if it does, all earlier answers are in the log. */
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
    if (this.viewerFunction.listening) await stop(this.viewerFunction);
    if (this.hasEnded()) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }

  private hasEnded(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** SIGKILL would leave nginx's worker behind. */
  private readonly killWithParent = () => this.child.kill('SIGTERM');
}
