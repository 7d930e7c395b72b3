import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { get } from '../http-client';
import { listen, stop } from '../local-server';
import { runOnTerminal, type TerminalLook, type TerminalSession } from '../pseudo-terminal';
import { builtPrograms } from '../remote-account/programs';
import type { SetupBlog } from './blog';
import { type Cloud, DOMAIN } from './cloud';

/** A run of the command that has ended. */
export interface EndedRun {
  /** Null for a run that was killed. */
  status: number | null;
  output: string;
}

/** A machine with a blog, Ghost-CLI, Docker and `setup`. */
export interface SetupLab {
  /** Runs a command from its sources, unattended. */
  run(parameters: string[], options?: RunOptions): Promise<EndedRun>;
  /** Runs `setup` for the domain of the cloud with `--yes`. */
  setUp(options?: RunOptions): Promise<EndedRun>;
  /** Runs a command on a terminal. */
  onTerminal(parameters: string[]): TerminalSession;
  /** Types lines into a shell on a terminal, where `npx` has this package and the blog is in `/var/www/ghost`. */
  type(lines: string, look?: TerminalLook & Pick<RunOptions, 'environment'>): TerminalSession;
  /**
   * Requests a path of the blog as a visitor of the blog, who follows it to the CDN.
   *
   * @returns its bytes; undefined while Ghost restarts
   * @throws Error when it is not served
   */
  visit(place: string): Promise<Buffer | undefined>;
  /** How many times Ghost-CLI or Docker was told to restart Ghost. */
  restarts(): number;
  /** The folder in front of the PATH. */
  bin: string;
  close(): Promise<void>;
}

export interface RunOptions {
  environment?: NodeJS.ProcessEnv;
  /** Runs the command as the user and group of this number. */
  user?: number;
  /** Gets the running process. */
  watch?: (child: ChildProcess) => void;
  /** Kills the command when it calls Ghost-CLI or Docker. */
  killsAtRestart?: boolean;
  /** Kills the command when the adapter is in place, and its configuration is not. */
  killsBeforeSwitch?: boolean;
  /** Lets its clock run ten times as fast, so that it does not wait long for a Ghost that does not come up. */
  hurries?: boolean;
}

/** Puts a `ghost` and a `docker` on the PATH that restart the blog of a test. */
export async function openSetupLab(cloud: Cloud, blog: SetupBlog): Promise<SetupLab> {
  const folder = await mkdtemp(path.join(tmpdir(), 'setup-lab-'));
  let restarts = 0;
  let restarting = 0;
  const control = createServer((request, response) => {
    const called = decodeURIComponent(request.url?.slice(1) ?? '');
    const byDocker = /^docker compose up -d (--force-recreate )?ghost$/.exec(called);
    if (!byDocker && called !== 'ghost restart') {
      response.writeHead(400).end();
      return;
    }
    restarts += 1;
    restarting += 1;
    void blog
      .restart({ onlyWhenChanged: byDocker !== null && byDocker[1] === undefined })
      .then(
        () => response.end(),
        // Docker does not wait for what starts in a container.
        () => response.writeHead(byDocker ? 200 : 500).end(),
      )
      .finally(() => (restarting -= 1));
  });
  const port = await listen(control);
  const bin = path.join(folder, 'bin');
  await mkdir(bin);
  for (const name of ['ghost', 'docker']) {
    const program = `#!/bin/sh
if [ "$KILLS_AT_RESTART" = yes ]; then kill -9 "$PPID"; exit 1; fi
exec "${process.execPath}" -e 'require("http").get("http://127.0.0.1:${port}/" + encodeURIComponent(process.argv.slice(1).join(" ")), (r) => process.exit(r.statusCode === 200 ? 0 : 1))' ${name} "$@"
`;
    await writeFile(path.join(bin, name), program, { mode: 0o755 });
  }
  const environment = {
    ...cloud.environment,
    PATH: `${bin}:${process.env.PATH}`,
    HOME: folder,
    NO_COLOR: '1',
  };
  const { cli } = await builtPrograms();
  const lab: SetupLab = {
    run(parameters, { environment: more = {}, user, watch, killsAtRestart, killsBeforeSwitch, hurries } = {}) {
      const child = spawn(process.execPath, [cli, ...parameters], {
        cwd: blog.folder,
        uid: user,
        gid: user,
        env: {
          ...environment,
          ...more,
          ...(killsAtRestart && { KILLS_AT_RESTART: 'yes' }),
          ...(hurries && { HURRIES: 'yes' }),
          ...(killsBeforeSwitch && { KILLS_BEFORE_SWITCH: 'yes' }),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      watch?.(child);
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      }
      return new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (status) => resolve({ status, output }));
      });
    },
    setUp: (options) => lab.run(['setup', '--domain', DOMAIN, '--region', 'eu-central-1', '--yes'], options),
    onTerminal(parameters) {
      const words = [process.execPath, cli, ...parameters].map((word) => `'${word}'`).join(' ');
      return runOnTerminal(`sh -c "cd '${blog.folder}' && exec ${words}"`, environment);
    },
    type(lines, { environment: more, ...look } = {}) {
      const words = [process.execPath, cli].map((word) => `'${word}'`).join(' ');
      const script = `set -e
        cd() { [ "$1" = /var/www/ghost ] && builtin cd '${blog.folder}'; }
        npx() { [ "$1" = ghost-storage-s3-cloudfront ] && ${words} "\${@:2}"; }
        ${lines}`;
      return runOnTerminal('bash -c "$SCRIPT"', { ...environment, ...more, SCRIPT: script }, look);
    },
    async visit(place) {
      const { cdn, front } = cloud.ports();
      const [wasRestarting, before] = [restarting > 0, restarts];
      const answer = await get(`http://127.0.0.1:${front}/${place}`);
      const { location } = answer.headers;
      const last =
        answer.status === 302 && location?.startsWith(`https://${DOMAIN}/`)
          ? await get(`http://127.0.0.1:${cdn}${new URL(location).pathname}`, { host: DOMAIN })
          : answer;
      if (last.status === 200) {
        return last.body;
      }
      if (wasRestarting || restarting > 0 || restarts > before || blog.isDown) {
        return undefined;
      }
      throw new Error(`/${place}: ${answer.status}${last === answer ? '' : `, then ${last.status}`}`);
    },
    restarts: () => restarts,
    bin,
    async close() {
      await stop(control);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return lab;
}
