import { lstatSync, type Stats } from 'node:fs';
import path from 'node:path';
import { Failure } from '../shell/failure';
import { isRoot, type Owner, withRightsOf } from '../shell/owner-rights';
import { ownerOf, refuseForeignLinks, type Way, wayTo } from '../shell/path-owners';
import { readRegularFile, refuseIrregular, someNamesIn, UnsuitableFile } from '../shell/read-file';
import { quoted } from '../shell/text';

/** The largest configuration file (bytes) that is read; Ghost's own have about 1 kB. */
const LARGEST = 1_000_000;

/** A configuration file, with the links to it resolved. */
export interface LocatedConfig {
  file: string;
  folder: Way;
  /** The user whose rights are used in the folder. */
  owner: Owner;
  /** Undefined when the file does not exist. */
  stats?: Stats;
}

/**
 * Finds out who can change a configuration file.
 *
 * @throws Failure when a link would make root use another user's file, or when it is not a file
 */
export function locateConfig(file: string): LocatedConfig {
  const way = wayTo(file);
  const folder = wayTo(path.dirname(way.real));
  const owner = ownerOf(folder);
  refuseForeignLinks(way, `Otherwise use the path of Ghost's configuration file itself instead of ${file}.`, [
    folder.end.stats,
  ]);
  const stats = way.end.path === way.real ? way.end.stats : undefined;
  if (stats) {
    orFailure(file, () => refuseIrregular(file, stats));
  }
  return { file: way.real, folder, owner, stats };
}

/**
 * Reads a configuration file with the rights of the folder's owner, or those of the file's own owner.
 *
 * @returns undefined when it does not exist
 * @throws Failure when it cannot be read
 */
export function readConfig({ file, folder, owner, stats }: LocatedConfig): Buffer | undefined {
  if (!stats) {
    return undefined;
  }
  const read = (user: Owner) => withRightsOf(user, () => readRegularFile(file, LARGEST));
  return orFailure(file, () => {
    try {
      return read(owner).bytes;
    } catch (error) {
      // Ghost's user may have made it unreadable for the owner of the folder. A hard link could be to any file of
      // another user.
      const isOwnFolder = folder.end.stats.uid === owner.uid;
      if (!isRoot() || !isOwnFolder || (error as NodeJS.ErrnoException).code !== 'EACCES' || stats.nlink > 1) {
        throw error;
      }
      const found = read(stats);
      if (found.stats.ino !== stats.ino || found.stats.dev !== stats.dev) {
        throw new UnsuitableFile(file, 'was replaced while it was being read');
      }
      return found.bytes;
    }
  });
}

/**
 * Returns the text of a configuration file, an env file or a Compose file, empty when it does not exist.
 *
 * @throws Failure when it is not a file that may be read
 */
export const textOf = (file: string): string => readConfig(locateConfig(file))?.toString('utf8') ?? '';

/**
 * Returns the text of Ghost's JSON configuration, empty when it does not exist.
 *
 * @throws Failure when it is not a file that may be read, or is empty: Ghost would not start
 */
export function jsonTextOf(file: string): string {
  const located = locateConfig(file);
  const bytes = readConfig(located);
  if (bytes?.length === 0) {
    const backup = backupNames(located.file).find(isFilled);
    throw new Failure(
      `Ghost cannot read ${file}: it is empty.`,
      backup === undefined
        ? 'Write {} into it, or delete it.'
        : `Restore its newest backup: cp ${quoted(backup)} ${quoted(file)}`,
    );
  }
  return bytes?.toString('utf8') ?? '';
}

/**
 * Returns the paths that backups of a configuration file have, the newest first. They may be anything, even folders.
 */
export const backupNames = (file: string): string[] =>
  someNamesIn(path.dirname(file))
    .filter((name) => name.startsWith(`${path.basename(file)}.`) && /\.\d{8}T\d{9}Z\.backup$/.test(name))
    .sort()
    .reverse()
    .map((name) => path.join(path.dirname(file), name));

/** Returns whether a backup has content. A link could be to a file that the user must not copy there. */
function isFilled(backup: string): boolean {
  const stats = lstatSync(backup, { throwIfNoEntry: false });
  return stats !== undefined && stats.isFile() && stats.nlink === 1 && stats.size > 0;
}

function orFailure<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Failure(
      error instanceof UnsuitableFile ? `${message}.` : `${file} cannot be read (${code}).`,
      error instanceof UnsuitableFile
        ? "Name Ghost's configuration file, for example /var/www/ghost/config.production.json."
        : 'Run the command as a user who can read it, usually with sudo. Its owner and the owner of its folder must be able to.',
      { cause: error },
    );
  }
}
