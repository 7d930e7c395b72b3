import { realpathSync } from 'node:fs';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, relative, sep } from 'node:path';
import { npmInstallLocked, packageManagerEnvironment, readManifest } from './npm';
import { runCommand } from './run-command';
import { installNodeGyp, requireCompiler, type GhostNode } from './toolchain';

/** The npm package of a SQLite driver, which is also the client's name in Ghost's configuration. */
export type SqliteDriver = 'better-sqlite3' | 'sqlite3';

/** libsql, which has the API of better-sqlite3, in the version of its lock file. */
const BUILT_SQLITE = join(__dirname, 'built-sqlite');

/** Returns the driver of an unpacked Ghost: those of the last years have better-sqlite3, Ghost 5 has sqlite3. */
export async function sqliteDriverOf(dir: string): Promise<SqliteDriver> {
  const manifest = await readManifest<{ optionalDependencies?: Record<string, string> }>(dir);
  return manifest.optionalDependencies?.['better-sqlite3'] ? 'better-sqlite3' : 'sqlite3';
}

/** Puts the driver into a Ghost whose packages are installed without it. */
export type PutSqliteDriver = (dir: string, node: GhostNode) => Promise<void>;

/**
 * Downloads what a driver takes: SQLite built for this platform (for each one in toolchain.ts there is a build), or
 * node-gyp to compile it with.
 *
 * @param ghost the release, for the error
 * @param tools absolute path of the folder for programs; it has to stay
 * @returns the second step, for when Ghost's packages are there
 * @throws Error if this machine cannot compile the driver, or npm fails
 */
export async function fetchSqliteDriver(driver: SqliteDriver, ghost: string, tools: string): Promise<PutSqliteDriver> {
  if (driver === 'better-sqlite3') {
    const folder = join(tools, 'built-sqlite');
    await mkdir(folder);
    await Promise.all(
      ['package.json', 'package-lock.json'].map((name) => copyFile(join(BUILT_SQLITE, name), join(folder, name))),
    );
    await npmInstallLocked(folder);
    return (dir) => replacePackage(join(dir, 'node_modules', driver), join(folder, 'node_modules', 'libsql'));
  }
  requireCompiler(ghost);
  const nodeGyp = await installNodeGyp(join(tools, 'node-gyp'));
  return (dir, node) => compile(join(dir, 'node_modules', driver), nodeGyp, node);
}

/** Makes a package load another one. knex asks for its driver from its own folder, so that the link to it has to stay. */
async function replacePackage(link: string, by: string): Promise<void> {
  const folder = realpathSync(link);
  const { name, version } = await readManifest<{ name: string; version: string }>(folder);
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }, null, 2));
  // Relative, so that the installation can be moved.
  const path = relative(folder, realpathSync(by)).split(sep).join('/');
  await writeFile(join(folder, 'index.js'), `module.exports = require(${JSON.stringify(path)});\n`);
}

async function compile(link: string, nodeGyp: string, { nodeBinary, headers }: GhostNode): Promise<void> {
  const flags = ['rebuild', '--release', `--jobs=${cpus().length}`, ...(headers ? [`--nodedir=${headers}`] : [])];
  await runCommand(nodeBinary, [nodeGyp, ...flags], {
    cwd: realpathSync(link),
    // Most of it is a single file of SQLite: optimizing it takes longer than the tests spend on queries.
    env: { ...packageManagerEnvironment(nodeBinary), CFLAGS: '-O1', CXXFLAGS: '-O1' },
  });
}
