import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from '../local-server';
import { layOutAdapter } from './adapter-folder';
import { baseConfig, databaseFile, deepMerge, type JsonObject } from './config';
import type { GhostInstall } from './install';
import { withInstallLock } from './install-lock';
import { isolationFlags } from './isolation';
import { lastLines } from './run-command';

const BOOT_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 100;

export interface StartGhostOptions {
  install: GhostInstall;
  /** Merged deeply into a configuration that boots: `storage`, `urls` and other settings under test. */
  config: JsonObject;
  /** Copied to `content/adapters/storage/S3CloudFrontStorage`; default: this repository's built package. */
  adapterFolder?: string;
  /** The site's URL, possibly with a subdirectory; default `http://127.0.0.1:<port>`. */
  url?: string;
  /** Default: a free one. */
  port?: number;
  /** A content folder that is kept; default: a new one, which `stop` removes. */
  contentPath?: string;
  /**
   * Whether Ghost creates its database itself, which takes half of its first boot; default: a new content folder gets a
   * copy of what an earlier first boot has created.
   */
  createsDatabase?: boolean;
  /** For Ghost's process, at each start; `NODE_ENV` is `production` unless set here. */
  env?: Record<string, string> | (() => Record<string, string>);
}

/** A Ghost that accepts requests. */
export interface RunningGhost {
  install: GhostInstall;
  /** The site's URL, without a trailing slash. */
  url: string;
  port: number;
  contentPath: string;
  readonly pid: number;
  /** Returns everything that Ghost wrote to stdout and stderr since the first start. */
  log(): string;
  /** Restarts Ghost with the same content and port, and with the same configuration unless another one is given. */
  restart(config?: JsonObject): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a Ghost with its own content folder and SQLite database, and waits until it answers.
 *
 * @throws Error with the end of Ghost's log, when its process ends or is not ready within two minutes
 */
export async function startGhost(options: StartGhostOptions): Promise<RunningGhost> {
  const { install } = options;
  const port = options.port ?? (await freePort());
  const url = (options.url ?? `http://127.0.0.1:${port}`).replace(/\/$/, '');
  const folder = await mkdtemp(join(tmpdir(), 'ghost-'));
  const contentPath = options.contentPath ?? join(folder, 'content');
  const given = options.env;
  const environment = (): Record<string, string | undefined> => ({
    ...cleanEnvironment(),
    NODE_ENV: 'production',
    TMPDIR: join(folder, 'tmp'),
    // From Node 22 on, what one boot has compiled saves the next one half a second.
    NODE_COMPILE_CACHE: join(dirname(install.dir), 'compiled'),
    ...(typeof given === 'function' ? given() : given),
  });
  let log = '';
  let child: ChildProcess | undefined;

  const killWithParent = () => child?.kill('SIGKILL');
  process.once('exit', killWithParent);

  const start = async () => {
    const started = spawn(install.nodeBinary, [...isolationFlags(install), join(install.dir, 'index.js')], {
      cwd: folder,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (log += text));
    }
    await waitUntilReady(started, url, port, () => log);
  };
  const end = async () => {
    if (child) await endProcess(child);
  };
  const configure = async (given: JsonObject) => {
    const config = deepMerge(baseConfig(install, url, port, contentPath), given);
    await writeFile(join(folder, `config.${environment().NODE_ENV}.json`), JSON.stringify(config, null, 2));
  };
  const stop = async () => {
    await end();
    process.off('exit', killWithParent);
    // On Windows, a file can be held for a moment after the program that used it has ended.
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };

  try {
    await prepareContent(contentPath, install, options.adapterFolder);
    await mkdir(join(folder, 'tmp'));
    const database = databaseFile(contentPath);
    if (!options.createsDatabase && !existsSync(database)) await copyFile(await createdDatabase(install), database);
    // As Ghost-CLI does: Ghost looks for its package.json in ./current, and for its configuration in ".".
    // On Windows it is a junction, which everybody may create.
    await symlink(install.dir, join(folder, 'current'), 'junction');
    await configure(options.config);
    await start();
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    install,
    url,
    port,
    contentPath,
    get pid() {
      return child?.pid ?? 0;
    },
    log: () => log,
    restart: async (config) => {
      await end();
      if (config) await configure(config);
      await start();
    },
    stop,
  };
}

/** Returns a database as it is after the first boot of an installed Ghost, which boots for it once. */
async function createdDatabase(install: GhostInstall): Promise<string> {
  const file = join(dirname(install.dir), 'created.db');
  if (existsSync(file)) return file;
  return withInstallLock(
    `${file}.lock`,
    () => {},
    async () => {
      if (existsSync(file)) return file;
      const contentPath = await mkdtemp(join(tmpdir(), 'ghost-content-'));
      try {
        const ghost = await startGhost({ install, config: {}, contentPath, createsDatabase: true });
        await ghost.stop();
        await copyFile(databaseFile(contentPath), `${file}.new`);
        await rename(`${file}.new`, file);
        return file;
      } finally {
        await rm(contentPath, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  );
}

/** Creates a content folder with Ghost's own themes and the adapter. */
export async function prepareContent(
  contentPath: string,
  install: GhostInstall,
  adapterFolder?: string,
): Promise<void> {
  const folders = ['data', 'images', 'media', 'files', 'logs', 'settings', 'public', 'themes', 'adapters/storage'];
  await Promise.all(folders.map((name) => mkdir(join(contentPath, name), { recursive: true })));

  const themes = join(install.dir, 'content', 'themes');
  for (const theme of await readdir(themes)) {
    await cp(join(themes, theme), join(contentPath, 'themes', theme), { recursive: true });
  }

  const adapter = join(contentPath, 'adapters', 'storage', 'S3CloudFrontStorage');
  await rm(adapter, { recursive: true, force: true });
  if (adapterFolder) await cp(adapterFolder, adapter, { recursive: true });
  else await layOutAdapter(adapter);
}

async function waitUntilReady(child: ChildProcess, url: string, port: number, log: () => string): Promise<void> {
  const deadline = Date.now() + BOOT_TIMEOUT_MS;
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  while (Date.now() < deadline) {
    if (failure) throw new Error(`Ghost could not be started: ${failure.message}`);
    if (hasEnded(child)) {
      // The end of the log may still be in the pipes.
      await sleep(POLL_MS);
      throw new Error(`Ghost ended while booting (exit code ${child.exitCode}):\n${lastLines(log(), 60)}`);
    }
    if (await answers(url, port)) return;
    await sleep(POLL_MS);
  }
  throw new Error(`Ghost did not answer at ${url} within ${BOOT_TIMEOUT_MS / 1000} s:\n${lastLines(log(), 60)}`);
}

/** Sends a request to the loopback address, whatever the site's host name is, as a proxy in front of Ghost does. */
function answers(url: string, port: number): Promise<boolean> {
  const site = new URL(url);
  return new Promise((resolve) => {
    const request = get(
      {
        host: '127.0.0.1',
        port,
        path: `${site.pathname.replace(/\/$/, '')}/ghost/api/admin/site/`,
        headers: { host: site.host, 'x-forwarded-proto': site.protocol.slice(0, -1) },
        timeout: 5_000,
      },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

function hasEnded(child: ChildProcess): boolean {
  // A program that could not be started has no process ID, and never exits.
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Returns a free port of the loopback interface. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** Removes the AWS settings and the test runner's variables: Ghost must see only the test's own settings. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AWS_|NODE_(ENV|OPTIONS)$|JEST_|npm_)/.test(name)),
  );
}
