import { realpathSync } from 'node:fs';
import path from 'node:path';
import { findCopy } from './compare-file';
import { download } from './download';
import { diskFailure, explainOrThrow } from './errors';
import type { FeatureDisk } from '../../ghost-site/feature-disk';
import { type FeatureLocation, isImageSize } from './feature-location';
import { FileProblem } from './file-problem';
import { type ListedObject, Listing } from '../../ghost-site/bucket-listing';
import { withoutFolderMarkers } from './listing';
import { LocalFile, READ_BYTES } from './local-file';
import { isSafePath, LocalFolders, lstatIfExists } from './local-folders';
import { inParallel } from './parallel';
import { type Found, recordOutcome, type Run, TRANSFER_RETRIES } from './run';
import { digestOfFile, type LocalContent, readIfSmall, withoutLocation } from './local-content';
import { digestOfObject } from './same-content';
import { type Transfer, transferFile } from './transfer';

/** The destination for the downloads of a feature. */
export interface LocalTarget {
  location: FeatureLocation;
  disk: FeatureDisk;
  folders: LocalFolders;
}

/**
 * Downloads a feature's files from the bucket. A file gets its name only when it is complete.
 *
 * A download needs 0.4 MB of memory for its buffers, regardless of the file's size. So `--concurrency` limits the
 * memory: its maximum of 256 needs 100 MB.
 *
 * @throws Failure for an error that would affect all files
 */
export async function migrateToLocal(run: Run, location: FeatureLocation, disk: FeatureDisk): Promise<void> {
  const { settings, stopping } = run;
  const target = { location, disk, folders: new LocalFolders(disk, !settings.dryRun) };
  run.startCounting();
  const limits = { concurrency: settings.concurrency };
  const pathOf = (key: string) => key.slice(location.keyPrefix.length);
  const passOver = async ({ key, bytes }: ListedObject) =>
    recordOutcome(run, { path: `${location.feature}/${pathOf(key)}`, key, bytes, result: 'folder-marker' });
  await inParallel(objectsToMigrate(run, location, passOver), limits, stopping, async (object) => {
    const relativePath = pathOf(object.key);
    const outcome = isSafePath(relativePath)
      ? await transferFile(run, createDownload(run, target, relativePath, object))
      : ({ result: 'refused', error: 'its key is not a valid file path' } as const);
    if (outcome) {
      const { key, bytes } = object;
      await recordOutcome(run, { path: `${location.feature}/${relativePath}`, key, bytes, ...outcome });
    }
  });
}

/** @param onMarker called with each object that represents a folder */
async function* objectsToMigrate(
  { settings, stopping }: Run,
  location: FeatureLocation,
  onMarker: (marker: ListedObject) => void | Promise<void> = () => {},
): AsyncGenerator<ListedObject> {
  const listing = new Listing(location, location.keyPrefix, { ...TRANSFER_RETRIES, signal: stopping.signal });
  for await (const object of withoutFolderMarkers(listing, onMarker)) {
    const isLeftOut = settings.skipSizes && isImageSize(location, object.key.slice(location.keyPrefix.length));
    if (!isLeftOut) {
      yield object;
    }
  }
}

/** Finds the files that `migrateToLocal` downloads, for the progress. */
export async function* countToLocal(run: Run, location: FeatureLocation): AsyncGenerator<Found> {
  for await (const { bytes } of objectsToMigrate(run, location)) {
    yield { files: 1, bytes };
  }
}

function createDownload(run: Run, target: LocalTarget, relativePath: string, object: ListedObject): Transfer {
  const { location, disk } = target;
  const { signal } = run.stopping;
  const withFile = async <T>(step: (local: LocalContent) => Promise<T>): Promise<T | undefined> => {
    const file = await disk.run(() => openExisting(target, relativePath));
    try {
      return file && (await step(await readIfSmall(file, READ_BYTES)));
    } finally {
      file?.close();
    }
  };
  /** Whether the object is the file on the disk without its location. */
  let isStripped = false;
  return {
    result: 'downloaded',
    async compare() {
      const compared = await withFile(async (local) => {
        const found = await findCopy(location, { path: relativePath, local, object }, signal);
        isStripped = found !== undefined && found !== local;
        return found ? 'same' : 'different';
      });
      return isStripped ? { result: 'present', withoutLocation: true } : (compared ?? 'absent');
    },
    write: (isNew) => download(run, target, relativePath, object, isNew),
    async verify() {
      const isSame = await withFile(async (local) => {
        const version = (isStripped && (await withoutLocation(local))) || local;
        const digest = await digestOfObject(location, object.key, signal, { decoded: true });
        return digest === (await digestOfFile(version, 'sha256'));
      });
      return isSame ?? false;
    },
    explain: (error) =>
      explainDisk(disk, error, path.join(disk.root, relativePath)) ??
      explainOrThrow(error, location, 'GetObject', object.key),
    errors: {
      conflict: 'the disk has a different file with this name',
      damaged: 'the file on the disk differs from the object in the bucket',
    },
  };
}

/**
 * Opens an existing file on the disk. It is a step for `FeatureDisk.run`.
 *
 * @returns undefined when it does not exist
 * @throws FileProblem when it is not a file
 */
function openExisting({ disk, folders }: LocalTarget, relativePath: string): LocalFile | undefined {
  const folder = folders.open(path.posix.dirname(relativePath));
  try {
    const file = folder?.at(path.posix.basename(relativePath));
    const stats = file === undefined ? undefined : lstatIfExists(file);
    if (file === undefined || !stats) {
      return undefined;
    }
    if (!stats.isSymbolicLink()) {
      if (!stats.isFile()) {
        throw new FileProblem(
          'conflict',
          `${stats.isDirectory() ? 'a folder' : 'something that is not a file'} has this name on the disk`,
        );
      }
      return LocalFile.open(disk, file);
    }
    const place = realpathIfExists(file);
    if (place === undefined) {
      throw new FileProblem('conflict', 'a broken link has this name on the disk');
    }
    if (!disk.allows(place)) {
      throw new FileProblem('refused', `a link with this name points outside of the content, to ${place}`);
    }
    return LocalFile.open(disk, place);
  } finally {
    folder?.close();
  }
}

function realpathIfExists(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

/** Explanations of disk errors for unsuitable names, by code. */
const NAME_CODES: Record<string, string> = {
  ENAMETOOLONG: 'its name is longer than the disk allows',
  EILSEQ: 'its name has characters that the disk does not support',
  EINVAL: 'the disk does not support its name',
};

/**
 * Explains a disk error.
 *
 * @returns undefined for other errors, and for those that would affect all files
 */
function explainDisk(disk: FeatureDisk, error: unknown, file: string): string | undefined {
  const { code = '', syscall, path: place } = error as NodeJS.ErrnoException;
  if (syscall === undefined || place === undefined || diskFailure(error) !== undefined) {
    return undefined;
  }
  return `${NAME_CODES[code] ?? file}: ${code}${disk.cureFor(error, path.dirname(file))}`;
}
