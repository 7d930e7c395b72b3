import { existsSync, realpathSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { withInstallLock } from './install-lock';
import { ghostRelease, type GhostRelease } from './release';
import { runCommand } from './run-command';
import {
  installNode,
  installPnpm,
  installYarn,
  packageManagerEnvironment,
  requireCompiler,
  type NodeToolchain,
} from './toolchain';

const DEFAULT_CACHE = join(__dirname, '../../../.cache/ghost');
/** Written last. Its name changes with the way this file installs. */
const STAMP = 'installed-2.json';
const PACKAGE_CACHE = 'package-cache';

/** An installed Ghost. */
export interface GhostInstall extends GhostRelease {
  /** Absolute path of Ghost's own folder, with `index.js` and `node_modules`. */
  dir: string;
  /** Absolute path of the Node to run it with. */
  nodeBinary: string;
  /** The npm package, and the client name in Ghost's config, of its SQLite driver. */
  sqlite: 'better-sqlite3' | 'sqlite3';
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
 * The folder is the repository's `.cache/ghost`, or GHOST_CACHE_DIR.
 *
 * @throws Error if a compiler is missing, or a step fails, with the end of that step's output
 */
export async function installGhost({ version, log = logToStderr }: InstallOptions = {}): Promise<GhostInstall> {
  const release = ghostRelease(version);
  const root = resolve(process.env.GHOST_CACHE_DIR || DEFAULT_CACHE, release.version);
  const installed = await readStamp(root, release);
  if (installed) return installed;

  requireCompiler();
  const waiting = () => log(`Another process is installing Ghost ${release.version}; waiting for it.`);
  return withInstallLock(`${root}.lock`, waiting, async () => {
    return (await readStamp(root, release)) ?? (await install(root, release, log));
  });
}

async function install(root: string, release: GhostRelease, log: (line: string) => void): Promise<GhostInstall> {
  const started = Date.now();
  const step = (line: string) => log(`[${String(Math.round((Date.now() - started) / 1000)).padStart(3)} s] ${line}`);
  const dir = join(root, 'ghost');
  // The state of an interrupted installation is unknown: only the package cache, which is verified, is kept.
  await Promise.all([
    rm(dir, { recursive: true, force: true }),
    rm(join(root, 'tools'), { recursive: true, force: true }),
  ]);
  await mkdir(dir, { recursive: true });
  await mkdir(join(root, 'tools'));

  step(`Ghost ${release.version}: downloading it and its Node (once; kept in ${root})`);
  const [tools] = await Promise.all([
    installNode(join(root, 'tools', 'node'), release),
    unpackFromNpm(`ghost@${release.version}`, root, dir),
  ]);

  step('Installing the packages of its lock file (about half a minute)');
  await installPackages(root, dir, tools);

  const sqlite = existsSync(join(dir, 'node_modules', 'better-sqlite3')) ? 'better-sqlite3' : 'sqlite3';
  step(`Compiling ${sqlite} (about a minute)`);
  await compile(join(dir, 'node_modules', sqlite), tools);
  await checkThatNativeModulesLoad(dir, sqlite, tools);
  await rm(join(root, PACKAGE_CACHE), { recursive: true, force: true });

  const stamp: Stamp = { sqlite, nodeBinary: relative(root, tools.nodeBinary) };
  await writeFile(join(root, STAMP), JSON.stringify(stamp, null, 2));
  step(`Ghost ${release.version} is installed`);
  return { ...release, dir, nodeBinary: tools.nodeBinary, sqlite };
}

async function readStamp(root: string, release: GhostRelease): Promise<GhostInstall | undefined> {
  const file = join(root, STAMP);
  if (!existsSync(file)) return undefined;
  const { sqlite, nodeBinary } = JSON.parse(await readFile(file, 'utf8')) as Stamp;
  return { ...release, dir: join(root, 'ghost'), nodeBinary: join(root, nodeBinary), sqlite };
}

async function unpackFromNpm(spec: string, folder: string, target: string): Promise<void> {
  const env = packageManagerEnvironment();
  const packed = await runCommand('npm', ['pack', spec, '--pack-destination', folder, '--loglevel=error'], {
    cwd: folder,
    env,
  });
  const tarball = join(folder, packed.trim().split('\n').at(-1) ?? '');
  await runCommand('tar', ['-xzf', tarball, '-C', target, '--strip-components=1', '--no-same-owner'], { cwd: folder });
  await rm(tarball);
}

/**
 * Install scripts are not run: they try to download binaries from elsewhere, and Ghost needs one of them only, its
 * SQLite driver. (Without re2, url-regex-safe uses the engine's own regular expressions; sharp brings its binaries.)
 */
async function installPackages(root: string, dir: string, { nodeBinary }: NodeToolchain): Promise<void> {
  const env = { ...packageManagerEnvironment(nodeBinary), CI: 'true' };
  const manifestFile = join(dir, 'package.json');
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as {
    packageManager?: string;
    devDependencies?: unknown;
  };

  if (existsSync(join(dir, 'pnpm-lock.yaml'))) {
    const version = /^pnpm@([\d.]+)/.exec(manifest.packageManager ?? '')?.[1];
    if (!version) throw new Error(`Ghost's package.json names no version of pnpm (packageManager).`);
    const pnpm = await installPnpm(join(root, 'tools', 'pnpm'), version);
    const cache = ['--store-dir', join(root, PACKAGE_CACHE)];
    const flags = ['--prod', '--frozen-lockfile', '--ignore-scripts', '--reporter=append-only', ...cache];
    await runCommand(pnpm, ['install', ...flags], { cwd: dir, env });
    return;
  }

  // Some of Ghost 5's development dependencies are Git repositories, which yarn resolves even for --production. The lock
  // file then holds more than is asked for, which --frozen-lockfile refuses and --pure-lockfile does not.
  delete manifest.devDependencies;
  await writeFile(manifestFile, JSON.stringify(manifest, null, 2));
  const yarn = await installYarn(join(root, 'tools', 'yarn'));
  const cache = ['--cache-folder', join(root, PACKAGE_CACHE)];
  const flags = ['--production', '--pure-lockfile', '--ignore-scripts', '--non-interactive', '--no-progress', ...cache];
  await runCommand(nodeBinary, [yarn, 'install', ...flags], { cwd: dir, env });
}

async function compile(moduleLink: string, { nodeBinary, headers, nodeGyp }: NodeToolchain): Promise<void> {
  const flags = ['rebuild', '--release', `--jobs=${cpus().length}`, ...(headers ? [`--nodedir=${headers}`] : [])];
  await runCommand(nodeBinary, [nodeGyp, ...flags], {
    cwd: realpathSync(moduleLink),
    // Most of it is a single file of SQLite: optimizing it takes longer than the tests spend on queries.
    env: { ...packageManagerEnvironment(nodeBinary), CFLAGS: '-O1', CXXFLAGS: '-O1' },
  });
}

async function checkThatNativeModulesLoad(dir: string, sqlite: string, { nodeBinary }: NodeToolchain): Promise<void> {
  const script = `require('sharp'); new (require('${sqlite}').Database ?? require('${sqlite}'))(':memory:');`;
  await runCommand(nodeBinary, ['-e', script], { cwd: dir, env: packageManagerEnvironment(nodeBinary) });
}

function logToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
