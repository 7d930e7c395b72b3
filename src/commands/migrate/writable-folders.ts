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

/** A feature's files in the bucket, and the folder that they are brought to. */
interface Destination {
  location: FeatureLocation;
  disk: FeatureDisk;
}

/**
 * Makes sure that files can be created in the folders that downloads go to, before the first one starts: it creates an
 * empty hidden file in each folder that exists, and removes it again. A folder that nothing is missing from may be closed.
 *
 * @throws Failure for the first folder that cannot be written, with its owner and what to do
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

/** What was found out about a folder. */
interface Tried {
  /** The names of the folders in it. */
  inner: string[];
  /** Whether it is the folder of a feature that does not exist yet. */
  isAbsent?: boolean;
  /** Why no file can be created in it. */
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

/** Returns an error that all files of a folder would meet. Others are named with their files. */
function ofRights(error: unknown): NodeJS.ErrnoException | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['EACCES', 'EPERM'].includes(code) || diskFailure(error) ? (error as NodeJS.ErrnoException) : undefined;
}

/** Whether the bucket has a file for a folder that is not there yet. */
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
    // In a folder that cannot even be searched, nobody knows.
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
  // As root, the command has the rights of the images' owner, so sudo alone does not help in folders of others.
  const cure =
    uid !== disk.owner.uid
      ? `Give the folder to the owner of ${disk.root}: sudo chown -R ${disk.owner.uid} ${quoted(place)}\nThen run the same command again.`
      : isRoot() || uid === process.geteuid?.()
        ? `Allow its owner to write there: chmod u+rwx ${quoted(place)}`
        : `Run the command with sudo:\n${sameCommand(site, options, { writes: [place] })}`;
  return new Failure(
    `${place} cannot be written by ${writerOf(disk)} (${error.code}). It belongs to the user ${uid}. Nothing was downloaded.`,
    cure,
    { cause: error },
  );
}

function writerOf({ owner }: FeatureDisk): string {
  if (isRoot() && owner.uid !== 0) {
    return `its owner, the user ${owner.uid}`;
  }
  return `the user ${userName()}`;
}
