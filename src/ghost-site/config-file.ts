import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { Failure } from '../shell/failure';
import { adviceForMachine } from '../shell/file-errors';
import { isRoot, type Owner, withRightsOf } from '../shell/owner-rights';
import { mayAccess, refuseSharedWay } from '../shell/path-owners';
import { quoted } from '../shell/text';
import { syncFolder } from '../shell/sync-folder';
import { settingsFileAt } from './compose/compose-site';
import { type LocatedConfig, locateConfig, readConfig } from './config-text';
import { type GhostConfigBlock, withGhostConfig } from './edit-config';
import type { SettingsFile } from './settings-file';

type ExistingConfig = LocatedConfig & { stats: Stats };

const ROOT: Owner = { uid: 0, gid: 0 };

/** Only its owner may read a new file, which may hold secrets. */
const PRIVATE = 0o600;

/** The errors when a file cannot be replaced by renaming another: it is a mount of its own, as with Docker. */
const MOUNTED = ['EBUSY', 'EXDEV'];

/**
 * Checks that a configuration file can be written, so that writing it does not fail after everything else is done.
 *
 * @param place the file, an env file, the folder of a Ghost of Docker Compose, or the settings of a site
 * @returns the settings in the file
 * @throws Failure with the file and the cause
 */
export function checkGhostConfigFile(place: string | SettingsFile): SettingsFile {
  const settings = settingsFileAt(place);
  const { file } = settings;
  if (!settings.isWritable) {
    throw new Failure(
      `All of Ghost's settings are in ${file}: its service has no env file.`,
      'Add one to the service (env_file: ghost.env), and create that file: touch ghost.env && chmod 600 ghost.env\nOr set them there yourself: install --print',
    );
  }
  const located = locateConfig(file);
  const { file: real, folder, owner, stats } = located;
  refuseUnreadByContainer(settings, real);
  refuseSharedFolder(located);
  const code = codeOf(() => {
    // The backup goes into the same folder.
    [path.dirname(real), ...(stats ? [real] : [])].forEach((place) => accessSync(place, constants.W_OK));
    if (isRoot() && !mayAccess(folder.end.stats, owner, 0o3)) {
      throw Object.assign(new Error(), { code: `the user ${owner.uid} cannot write to its folder` });
    }
    if (!stats && lstatSync(file, { throwIfNoEntry: false })) {
      throw Object.assign(new Error(), { code: 'it is a broken link' });
    }
  });
  if (code !== undefined) {
    throw new Failure(
      `${file} cannot be written (${code}).`,
      "Name Ghost's configuration file, for example /var/www/ghost/config.production.json, and run the command as a user who can write there, usually with sudo.",
    );
  }
  settings.own(settings.text());
  return settings;
}

/** In a folder of Docker Compose, the container does not read a configuration file with Ghost-CLI's name. */
function refuseUnreadByContainer({ file, format }: SettingsFile, real: string): void {
  const folder = path.dirname(path.resolve(file));
  const used = format === 'json' ? settingsOfContainer(folder) : undefined;
  if (used !== undefined && locateConfig(used.file).file !== real) {
    throw new Failure(
      `The Ghost of Docker Compose in ${folder} does not read ${path.basename(file)}. Its settings are in ${used.file}.`,
      `Use the folder instead: --write-config ${quoted(folder)} for provision, --ghost ${quoted(folder)} for install`,
    );
  }
}

/** Returns the settings of the Ghost of Docker Compose in a folder; undefined when there is none that can be read. */
function settingsOfContainer(folder: string): SettingsFile | undefined {
  try {
    const found = settingsFileAt(folder);
    return found.file === folder ? undefined : found;
  } catch (error) {
    if (error instanceof Failure) {
      return undefined;
    }
    throw error;
  }
}

/** Writes the block into Ghost's configuration file or an env file of its container, as `replaceGhostConfig` does. */
export function writeGhostConfig(place: string | SettingsFile, block: GhostConfigBlock): string | undefined {
  const settings = settingsFileAt(place);
  const text = settings.text();
  return replaceGhostConfig(settings, withGhostConfig(text, block, settings), text);
}

/**
 * Writes a new text into Ghost's configuration file, and keeps a backup in the same folder. Owner and mode stay.
 *
 * @param place its path or the settings in it; a new file is readable to its owner only
 * @param planned the text that the new one was made from
 * @returns the path of the backup, undefined when nothing changes or the file is new
 * @throws Failure when it cannot be written, or another program has changed it since then
 */
export function replaceGhostConfig(place: string | SettingsFile, after: string, planned?: string): string | undefined {
  const { file, format } = settingsFileAt(place);
  const located = locateConfig(file);
  const before = readConfig(located);
  const bytes = Buffer.from(after);
  if (bytes.equals(before ?? Buffer.alloc(0))) {
    return undefined;
  }
  if (planned !== undefined && planned !== (before?.toString('utf8') ?? '')) {
    throw new Failure(
      `Another program has changed ${file} since this command read it. It was not overwritten.`,
      'Run the command again: it keeps that change.',
    );
  }
  refuseSharedFolder(located);
  try {
    return inFolder(located, () => {
      if (isExisting(located)) {
        return replace(located, before ?? Buffer.alloc(0), bytes, format);
      }
      closeSync(create(path.basename(located.file), bytes, located));
      return undefined;
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw error instanceof Failure || code === undefined
      ? error
      : new Failure(
          `${file} could not be written (${code}). It is unchanged.`,
          adviceForMachine(code) ??
            `Its owner, and the owner of ${path.dirname(located.file)}, must be able to write there.`,
          { cause: error },
        );
  }
}

function refuseSharedFolder({ folder, owner }: LocatedConfig): void {
  if (owner.uid === 0 && folder.end.path === folder.real) {
    refuseSharedWay(folder);
  }
}

const isExisting = (located: LocatedConfig): located is ExistingConfig => located.stats !== undefined;

/** @returns the path of the backup */
function replace(located: ExistingConfig, before: Buffer, after: Buffer, format: SettingsFile['format']): string {
  const { file, owner } = located;
  const name = path.basename(file);
  const time = new Date().toISOString().replace(/[-:.]/g, '');
  // ghost-docker keeps files with `.bak.` in their names out of Git; a backup of an env file holds the same secrets.
  const mark = format === 'env' ? '.bak' : '';
  const backup = `${name}${mark}.${time}.backup`;
  // Only its owner may read it: Ghost does not, and it may hold secrets that every user could read before.
  closeSync(create(backup, before, located, located.stats.mode & 0o770));
  const fresh = `.${name}.${randomBytes(8).toString('hex')}`;
  try {
    const opened = create(fresh, after, located);
    const isLike = isSameUser(fstatSync(opened), located.stats);
    closeSync(opened);
    if (isLike) {
      withRightsOf(owner, () => renameSync(fresh, name));
      withRightsOf(owner, () => syncFolder('.'));
      return path.join(path.dirname(file), backup);
    }
    withRightsOf(owner, () => rmSync(fresh));
  } catch (error) {
    withRightsOf(owner, () => rmSync(fresh, { force: true }));
    if (!MOUNTED.includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw error;
    }
  }
  writeInPlace(located, before, after);
  return path.join(path.dirname(file), backup);
}

const isSameUser = (made: Stats, former: Stats) =>
  process.platform === 'win32' || (made.uid === former.uid && made.gid === former.gid);

/**
 * Runs a step in the folder of a configuration file. Names without a path then mean files in this folder, also when
 * another user replaces it or a folder above it in the meantime.
 */
function inFolder<T>({ folder, owner }: LocatedConfig, step: () => T): T {
  const former = process.cwd();
  withRightsOf(owner, () => process.chdir(folder.real));
  try {
    const { dev, ino } = statSync('.');
    if (ino !== folder.end.stats.ino || dev !== folder.end.stats.dev) {
      throw new Failure(
        `${folder.real} was replaced while this command was using it.`,
        'Find out what replaced it before you run the command again.',
      );
    }
    return step();
  } finally {
    process.chdir(former);
  }
}

/**
 * Creates a file in the working directory with the owner of the configuration file, as far as the user may.
 *
 * @returns the opened file
 */
function create(
  name: string,
  bytes: Buffer,
  { owner, stats }: LocatedConfig,
  mode = stats ? stats.mode & 0o777 : PRIVATE,
): number {
  // Root creates files for other users than the folder's owner, so that this owner cannot open them before.
  const maker = !stats || stats.uid === owner.uid ? owner : ROOT;
  const opened = withRightsOf(maker, () => openSync(name, 'wx', PRIVATE));
  try {
    if (stats && isRoot() && !isSameUser(fstatSync(opened), stats)) {
      fchownSync(opened, stats.uid, stats.gid);
    }
    writeFileSync(opened, bytes);
    fchmodSync(opened, mode);
    fsyncSync(opened);
    return opened;
  } catch (error) {
    closeSync(opened);
    withRightsOf(owner, () => rmSync(name, { force: true }));
    throw error;
  }
}

/** Writes into the existing file, so that it keeps its owner. A new file would belong to the user who runs this. */
function writeInPlace({ file, stats }: ExistingConfig, before: Buffer, after: Buffer): void {
  const { O_WRONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const opened = withRightsOf(stats, () => openSync(path.basename(file), O_WRONLY | O_NOFOLLOW | O_NONBLOCK));
  try {
    const { dev, ino, nlink } = fstatSync(opened);
    if (dev !== stats.dev || ino !== stats.ino || (isRoot() && nlink > 1)) {
      throw new Failure(
        `${file} was replaced while this command was using it, or has another hard link.`,
        'Run the command again.',
      );
    }
    try {
      overwrite(opened, after);
    } catch (error) {
      // The disk is full, but has room for what was there before.
      overwrite(opened, before);
      throw error;
    }
  } finally {
    closeSync(opened);
  }
}

/** Overwrites a file so that it is never empty, even when the machine stops. */
function overwrite(opened: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(opened, bytes, written, bytes.length - written, written);
  }
  ftruncateSync(opened, bytes.length);
  fsyncSync(opened);
}

function codeOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  }
}
