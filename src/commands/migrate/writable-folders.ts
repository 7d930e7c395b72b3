import { closeSync, constants, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { FeatureDisk } from '../../ghost-site/feature-disk';
import { Listing } from '../../ghost-site/bucket-listing';
import type { GhostSite } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import { isRoot, userName } from '../../shell/owner-rights';
import { wayTo } from '../../shell/path-owners';
import { quoted } from '../../shell/text';
import { diskFailure } from './errors';
import { isImageSize, type FeatureLocation } from './feature-location';
import { withoutFolderMarkers } from './listing';
import { LocalFolders, lstatIfExists } from './local-folders';
import { type Run, TRANSFER_RETRIES } from './run';
import { sameCommand } from './same-command';
import type { MigrateOptions } from './settings';
import { temporaryName } from './temporary-names';

/** A feature's files in the bucket, and the folder to copy them to. */
interface Destination {
  location: FeatureLocation;
  disk: FeatureDisk;
}

/**
 * Checks before the first download that files can be created in the folders for downloads. It creates an empty hidden
 * file in each existing folder and removes it again. Folders without missing files need not be writable.
 *
 * @throws Failure for the first folder that cannot be written, with its owner and the fix
 */
export async function assertWritable(
  run: Run,
  destinations: readonly Destination[],
  site: GhostSite,
  options: MigrateOptions,
): Promise<void> {
  for (const destination of destinations) {
    const { location, disk } = destination;
    const folders = new LocalFolders(disk, true);
    const waiting = ['.'];
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      const current = folder;
      run.stopping.signal.throwIfAborted();
      const found = await disk.run(() => tryFolder(folders, current));
      waiting.push(...found.inner.map((name) => path.posix.join(current, name)));
      if ((found.isAbsent || found.error) && (await isNeeded(run, location, disk, current))) {
        const error = found.error ?? (await disk.run(() => createRoot(folders)));
        if (error) {
          throw unwritable(disk, path.join(disk.root, current), error, site, options);
        }
      }
    }
  }
}

/** The result of a check. */
interface Tried {
  /** The names of the folder's subfolders. */
  inner: string[];
  /** Whether it is a feature's own folder and does not exist yet. */
  isAbsent?: boolean;
  /** The reason why no file can be created. */
  error?: NodeJS.ErrnoException;
}

/** Tries to create a file in a folder. It is a step for `FeatureDisk.run`. */
function tryFolder(folders: LocalFolders, relativePath: string): Tried {
  let inner: string[] = [];
  try {
    const folder = folders.open(relativePath);
    if (!folder) {
      return { inner, isAbsent: relativePath === '.' };
    }
    try {
      const entries = readdirSync(folder.at('.'), { withFileTypes: true });
      inner = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
      const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;
      const file = folder.at(temporaryName());
      closeSync(openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666));
      rmSync(file, { force: true });
      return { inner };
    } finally {
      folder.close();
    }
  } catch (error) {
    return { inner, error: ofRights(error) };
  }
}

/** Creates the folder of a feature. It is a step for `FeatureDisk.run`. */
function createRoot(folders: LocalFolders): NodeJS.ErrnoException | undefined {
  try {
    folders.create('.').close();
    return undefined;
  } catch (error) {
    return ofRights(error);
  }
}

/** Returns an error if it would affect all files of a folder. Other errors are reported with their files. */
function ofRights(error: unknown): NodeJS.ErrnoException | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['EACCES', 'EPERM'].includes(code) || diskFailure(error) ? (error as NodeJS.ErrnoException) : undefined;
}

/** Returns whether the bucket has a file that is missing from a folder. */
async function isNeeded(
  { settings, stopping }: Run,
  location: FeatureLocation,
  disk: FeatureDisk,
  folder: string,
): Promise<boolean> {
  const start = folder === '.' ? '' : `${folder}/`;
  const listing = new Listing(location, `${location.keyPrefix}${start}`, {
    ...TRANSFER_RETRIES,
    signal: stopping.signal,
  });
  for await (const { key } of withoutFolderMarkers(listing, () => {})) {
    const relativePath = key.slice(location.keyPrefix.length);
    const [name = ''] = relativePath.slice(start.length).split('/', 1);
    const isLeftOut = settings.skipSizes && isImageSize(location, relativePath);
    if (!isLeftOut && (settings.overwrite || !(await disk.run(() => isThere(path.join(disk.root, folder, name)))))) {
      return true;
    }
  }
  return false;
}

function isThere(file: string): boolean {
  try {
    return lstatIfExists(file) !== undefined;
  } catch {
    // Unknown in a folder that this user cannot search, so treated as missing.
    return false;
  }
}

function unwritable(
  disk: FeatureDisk,
  folder: string,
  error: NodeJS.ErrnoException,
  site: GhostSite,
  options: MigrateOptions,
): Failure {
  const failure = diskFailure(error, folder);
  if (failure) {
    return failure;
  }
  const way = wayTo(folder);
  const place = way.end.path;
  const { uid } = way.end.stats;
  // Even root runs with the rights of the images' owner, so sudo alone does not help in other users' folders.
  const cure =
    uid !== disk.owner.uid
      ? `Give the folder to the owner of ${disk.root}: sudo chown -R ${disk.owner.uid} ${quoted(place)}\nThen run the same command again.`
      : isRoot() || uid === process.geteuid?.()
        ? `Allow its owner to write there: chmod u+rwx ${quoted(place)}`
        : `Run the command with sudo:\n${sameCommand(site, options, { writes: [place] })}`;
  return new Failure(
    `${writerOf(disk)} cannot write to ${place} (${error.code}). It belongs to the user ${uid}. Nothing was downloaded.`,
    cure,
    { cause: error },
  );
}

function writerOf({ owner }: FeatureDisk): string {
  if (isRoot() && owner.uid !== 0) {
    return `Its owner, the user ${owner.uid},`;
  }
  return `The user ${userName()}`;
}
