import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageManagerEnvironment, readManifest } from './npm';
import { runCommand } from './run-command';
import { installPnpm, installYarn, type GhostNode } from './toolchain';

/** Installs the packages of an unpacked Ghost's lock file. */
export type InstallPackages = (node: GhostNode) => Promise<void>;

/**
 * Downloads the package manager that an unpacked Ghost's lock file is for: pnpm, or yarn for Ghost 5.
 *
 * Install scripts are not run: they try to download binaries from elsewhere, and Ghost needs one of them only, its
 * SQLite driver. (Without re2, url-regex-safe uses the engine's own regular expressions; sharp brings its binaries.)
 *
 * @param dir the folder of the unpacked Ghost
 * @param tools absolute path of the folder for programs
 * @param cache absolute path of a folder for downloaded packages, which is not needed afterwards
 * @returns the second step, which installs the packages
 */
export async function fetchPackageManager(dir: string, tools: string, cache: string): Promise<InstallPackages> {
  if (existsSync(join(dir, 'pnpm-lock.yaml'))) {
    const { packageManager } = await readManifest<{ packageManager?: string }>(dir);
    const version = /^pnpm@([\d.]+)/.exec(packageManager ?? '')?.[1];
    if (!version) throw new Error(`Ghost's package.json names no version of pnpm (packageManager).`);
    const pnpm = await installPnpm(join(tools, 'pnpm'), version);
    const flags = ['--prod', '--frozen-lockfile', '--ignore-scripts', '--reporter=append-only', '--store-dir', cache];
    return async ({ nodeBinary }) => {
      await runCommand(pnpm, ['install', ...flags], { cwd: dir, env: environment(nodeBinary) });
    };
  }

  const yarn = await installYarn(join(tools, 'yarn'));
  const flags = ['--production', '--pure-lockfile', '--ignore-scripts', '--non-interactive', '--no-progress'];
  // On a busy machine, yarn may not look at an answer for longer than its own limit of half a minute.
  flags.push('--network-timeout', '120000');
  return async ({ nodeBinary }) => {
    await removeDevDependencies(dir);
    const args = [yarn, 'install', ...flags, '--cache-folder', cache];
    await runCommand(nodeBinary, args, { cwd: dir, env: environment(nodeBinary) });
  };
}

/**
 * Some of Ghost 5's development dependencies are Git repositories, which yarn resolves even for --production. The lock
 * file then holds more than is asked for, which --frozen-lockfile refuses and --pure-lockfile does not.
 */
async function removeDevDependencies(dir: string): Promise<void> {
  const manifest = await readManifest<{ devDependencies?: unknown }>(dir);
  delete manifest.devDependencies;
  await writeFile(join(dir, 'package.json'), JSON.stringify(manifest, null, 2));
}

function environment(nodeBinary: string): NodeJS.ProcessEnv {
  return { ...packageManagerEnvironment(nodeBinary), CI: 'true' };
}
