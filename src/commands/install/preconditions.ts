import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../../shell/failure';
import { checkGhostConfigFile } from '../../ghost-site/config-file';
import { type GhostSite, isAtLeast, OLDEST_GHOST, OLDEST_WITH_INSTALLED_ADAPTERS } from '../../ghost-site/site';
import { isInside } from '../../shell/paths';
import { readRegularFile, someNamesIn } from '../../shell/read-file';

/**
 * Returns the major version of Ghost's version `6.65.0`, undefined when the version is unknown.
 *
 * @throws Failure when the adapter does not support it
 */
export function supportedMajor({ version, major }: Pick<GhostSite, 'version' | 'major'>): number | undefined {
  if (!isAtLeast({ version, major }, OLDEST_GHOST)) {
    throw new Failure(
      `This is Ghost ${version ?? major}, but the adapter needs Ghost ${OLDEST_GHOST} or newer.`,
      'Update Ghost first: ghost update, or a newer image.',
    );
  }
  return version === undefined ? major : Number.parseInt(version, 10);
}

/**
 * Makes sure that Ghost's Node can run the adapter.
 *
 * @param version as Node prints it, `v20.20.2`
 * @throws Failure when it is older than Node 20
 */
export function assertNodeVersion(version: string, node: string): void {
  if (Number.parseInt(version.replace(/^v/, ''), 10) < 20) {
    throw new Failure(
      `Ghost runs with Node ${version} (${node}), but the adapter needs Node 20 or newer.`,
      'Install a newer Node that this Ghost supports, and run: ghost doctor',
    );
  }
}

/**
 * Makes sure that the configuration file is the one that Ghost reads, and that it can be written.
 *
 * @param named the file that the user named, which is not compared with the environment that Ghost runs in
 * @throws Failure when it belongs to another environment, does not exist or cannot be written
 */
export function assertConfigFile(
  { folder, configFile, settings }: Pick<GhostSite, 'folder' | 'configFile'> & Partial<GhostSite>,
  named?: string,
): void {
  if (settings?.format === 'env') {
    checkGhostConfigFile(settings);
    return;
  }
  const name = path.basename(configFile);
  if (!existsSync(configFile)) {
    const others = someNamesIn(folder).filter((other) => /^config\..+\.json$/.test(other));
    throw new Failure(
      `${configFile} does not exist${others.length > 0 ? `. Its folder contains ${others.join(', ')}` : ''}.`,
      others.length > 0
        ? `Name the one that Ghost runs with: --config ${path.join(folder, others[0] ?? '')}`
        : "Name Ghost's configuration file with --config. If Ghost gets its whole configuration from the environment,\n--print shows what to set there. After that, the command installs without a file.",
    );
  }
  const running = runningEnvironment(folder);
  if (named === undefined && running && name !== `config.${running}.json`) {
    throw new Failure(
      `Ghost runs in the environment "${running}" here, and does not read ${name}.`,
      `Name the file that it reads: --config ${path.join(folder, `config.${running}.json`)}`,
    );
  }
  assertWritable(configFile, {
    onReadOnlyMount: 'change it where it is mounted from, or use environment variables. --print shows both.',
    otherwise: 'Run the command as a user who can write it, usually with sudo.',
  });
  checkGhostConfigFile(configFile);
}

/**
 * Makes sure that the user of this process may write a file, or in a folder.
 *
 * @throws Failure with the cause and its fix
 */
export function assertWritable(file: string, cures: { onReadOnlyMount: string; otherwise: string }): void {
  try {
    accessSync(file, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(
      `${file} cannot be written (${code}).`,
      code === 'EROFS' ? `It is mounted read-only: ${cures.onReadOnlyMount}` : cures.otherwise,
    );
  }
}

/** Returns the environment that Ghost-CLI noted when it started Ghost. */
function runningEnvironment(folder: string): string | null | undefined {
  try {
    const { bytes } = readRegularFile(path.join(folder, '.ghost-cli'), 1_000_000);
    return (JSON.parse(bytes.toString('utf8')) as { running?: string | null }).running;
  } catch {
    return undefined;
  }
}

/** The facts about a machine that show whether it is a container. */
export interface Machine {
  environment: NodeJS.ProcessEnv;
  /** The text of `/proc/self/mountinfo`, empty where that does not exist. */
  mounts: string;
}

/**
 * Makes sure that the adapter will still be there when a container starts. Docker's official image declares its content
 * folder as a volume, which hides the files that an image has there.
 *
 * @see https://github.com/docker-library/ghost
 * @throws Failure when the adapter would be hidden
 */
export function assertNotInVolume(target: string, { environment, mounts }: Machine): void {
  const { GHOST_CONTENT: volume } = environment;
  if (volume !== undefined && isInside(target, volume) && !isMounted(volume, path.dirname(volume), mounts)) {
    throw new Failure(
      `In this image, ${volume} is a volume, which would hide the adapter in every container.`,
      'Put the adapter next to the volume, with two lines before this one in the Dockerfile (Ghost ' +
        `${OLDEST_WITH_INSTALLED_ADAPTERS} or newer):\n` +
        `  ENV paths__installedAdaptersPath=${path.join(path.dirname(volume), 'adapters')}\n` +
        '  RUN mkdir -p $paths__installedAdaptersPath\n' +
        'or mount the adapter into the volume: --print shows how.',
    );
  }
}

/** Returns whether a file is lost with the container, in Docker's official image. */
export function isLostWithContainer(file: string, { environment, mounts }: Machine): boolean {
  const { GHOST_INSTALL: install } = environment;
  return install !== undefined && isInside(file, install) && !isMounted(file, install, mounts);
}

/** Returns whether a path is a mount at or below Ghost's folder, or is inside such a mount. */
function isMounted(file: string, install: string, mounts: string): boolean {
  // The fifth field is the mount point: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
  const places = mounts.split('\n').map((line) => line.split(' ')[4] ?? '');
  return places.some((place) => place !== '' && isInside(place, install) && isInside(file, place));
}
