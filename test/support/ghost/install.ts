import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fetchPackageManager } from './ghost-packages';
import { withInstallLock } from './install-lock';
import { packageManagerEnvironment, unpackFromNpm } from './npm';
import { ghostRelease, type GhostRelease } from './release';
import { runCommand } from './run-command';
import { fetchSqliteDriver, sqliteDriverOf, type SqliteDriver } from './sqlite-driver';
import { installNode, type GhostNode } from './toolchain';

const DEFAULT_CACHE = join(__dirname, '../../../.cache/ghost');
/** Written last. Its name changes with the way this file installs. */
const STAMP = 'installed-3.json';
const PACKAGE_CACHE = 'package-cache';

/** An installed Ghost. */
export interface GhostInstall extends GhostRelease {
  /** Absolute path of Ghost's own folder, with `index.js` and `node_modules`. */
  dir: string;
  /** Absolute path of the Node to run it with. */
  nodeBinary: string;
  /** The client's name in Ghost's configuration. */
  sqlite: SqliteDriver;
}

/** The record of a finished installation. Paths are relative, so that the folder can be moved. */
type Stamp = Pick<GhostInstall, 'sqlite' | 'nodeBinary'>;

interface InstallOptions {
  /** `6`, `5` or a full version; default: the environment variable GHOST_VERSION, else 6. */
  version?: string;
  /** Receives one line per step. */
  log?: (line: string) => void;
}

/**
 * Installs Ghost from its own lock file with a suitable Node, using only the npm registry, unless it is installed already.
 * Ghost 6 takes SQLite as libsql brings it; Ghost 5's driver is compiled. The folder is the repository's `.cache/ghost`,
 * or GHOST_CACHE_DIR.
 *
 * @throws Error if a compiler is needed and missing, or a step fails, with the end of that step's output
 */
export async function installGhost({ version, log = logToStderr }: InstallOptions = {}): Promise<GhostInstall> {
  const release = ghostRelease(version);
  const root = resolve(process.env.GHOST_CACHE_DIR || DEFAULT_CACHE, release.version);
  const installed = await readStamp(root, release);
  if (installed) return installed;

  const waiting = () => log(`Another process is installing Ghost ${release.version}; waiting for it.`);
  return withInstallLock(`${root}.lock`, waiting, async () => {
    return (await readStamp(root, release)) ?? (await install(root, release, log));
  });
}

async function install(root: string, release: GhostRelease, log: (line: string) => void): Promise<GhostInstall> {
  const started = Date.now();
  const step = (line: string) => log(`[${String(Math.round((Date.now() - started) / 1000)).padStart(3)} s] ${line}`);
  const dir = join(root, 'ghost');
  const tools = join(root, 'tools');
  const cache = join(root, PACKAGE_CACHE);
  // The state of an interrupted installation is unknown: only the package cache, which is verified, is kept.
  await Promise.all([dir, tools].map((folder) => rm(folder, { recursive: true, force: true })));
  await mkdir(dir, { recursive: true });
  await mkdir(tools);

  step(`Ghost ${release.version}: downloading it and its Node (once; kept in ${root})`);
  const [node, { sqlite, installPackages, putSqliteDriver }] = await together(
    installNode(join(tools, 'node'), release),
    fetchGhost(root, release, tools, cache),
  );
  step('Installing the packages of its lock file (about half a minute)');
  await installPackages(node);
  await rm(cache, { recursive: true, force: true });

  step(sqlite === 'sqlite3' ? 'Compiling SQLite (about a minute)' : 'Adding SQLite, built for this platform');
  await putSqliteDriver(dir, node);
  await checkThatNativeModulesLoad(dir, sqlite, node);

  const stamp: Stamp = { sqlite, nodeBinary: relative(root, node.nodeBinary) };
  await writeFile(join(root, STAMP), JSON.stringify(stamp, null, 2));
  step(`Ghost ${release.version} is installed`);
  return { ...release, dir, nodeBinary: node.nodeBinary, sqlite };
}

/** Downloads Ghost, and then what its manifest asks for: a package manager and a SQLite driver. */
async function fetchGhost(root: string, { version }: GhostRelease, tools: string, cache: string) {
  const dir = join(root, 'ghost');
  await unpackFromNpm(`ghost@${version}`, root, dir);
  const sqlite = await sqliteDriverOf(dir);
  const [installPackages, putSqliteDriver] = await together(
    fetchPackageManager(dir, tools, cache),
    fetchSqliteDriver(sqlite, version, tools),
  );
  return { sqlite, installPackages, putSqliteDriver };
}

/** Like Promise.all, but also when one fails, none of them still writes once it has ended. */
async function together<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

async function readStamp(root: string, release: GhostRelease): Promise<GhostInstall | undefined> {
  const file = join(root, STAMP);
  if (!existsSync(file)) return undefined;
  const { sqlite, nodeBinary } = JSON.parse(await readFile(file, 'utf8')) as Stamp;
  return { ...release, dir: join(root, 'ghost'), nodeBinary: join(root, nodeBinary), sqlite };
}

async function checkThatNativeModulesLoad(dir: string, sqlite: string, { nodeBinary }: GhostNode): Promise<void> {
  const script = `require('sharp'); new (require('${sqlite}').Database ?? require('${sqlite}'))(':memory:');`;
  await runCommand(nodeBinary, ['-e', script], { cwd: dir, env: packageManagerEnvironment(nodeBinary) });
}

function logToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
