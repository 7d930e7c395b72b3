import { realpathSync } from 'node:fs';
import path from 'node:path';
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
import { digestOfFile, digestOfObject, isSameContent, type LocalContent, readIfSmall } from './same-content';
import { type Transfer, transferFile } from './transfer';

/** Where the downloads of a feature go. */
export interface LocalTarget {
  location: FeatureLocation;
  disk: FeatureDisk;
  folders: LocalFolders;
}

/**
 * Downloads a feature's files from the bucket. A file gets its name only when it is complete.
 *
 * A download takes 0.4 MB of memory, however large the file is, for the buffers of the connection and of the file. So
 * `--concurrency` bounds the memory: its maximum of 256 takes 100 MB.
 *
 * @throws Failure for an error that all files would meet
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
      : ({ result: 'refused', error: 'the key is no path of a file' } as const);
    if (outcome) {
      const { key, bytes } = object;
      await recordOutcome(run, { path: `${location.feature}/${relativePath}`, key, bytes, ...outcome });
    }
  });
}

/** @param onMarker is called with each object that represents a folder */
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
  return {
    result: 'downloaded',
    async compare() {
      const isSame = await withFile((local) => isSameContent(location, local, object, signal));
      return isSame === undefined ? 'absent' : isSame ? 'same' : 'different';
    },
    write: (isNew) => download(run, target, relativePath, object, isNew),
    async verify() {
      const isSame = await withFile(
        async (local) =>
          (await digestOfFile(local, 'sha256')) === (await digestOfObject(location, object.key, signal, true)),
      );
      return isSame ?? false;
    },
    explain: (error) =>
      explainDisk(disk, error, path.join(disk.root, relativePath)) ??
      explainOrThrow(error, location, 'GetObject', object.key),
    errors: {
      conflict: 'the disk holds something else under this name',
      damaged: 'what was read back from the disk is not what is in the bucket',
    },
  };
}

/**
 * Opens the file that has a name on the disk. It is a step for `FeatureDisk.run`.
 *
 * @returns undefined when there is none
 * @throws FileProblem when something else is there
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
          `${stats.isDirectory() ? 'a folder' : 'no file, but something else,'} has its name on the disk`,
        );
      }
      return LocalFile.open(disk, file);
    }
    const place = realpathIfExists(file);
    if (place === undefined) {
      throw new FileProblem('conflict', 'a link that leads nowhere has its name on the disk');
    }
    if (!disk.allows(place)) {
      throw new FileProblem('refused', `a link that has its name leads out of the content, to ${place}`);
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

/** What a disk says when it cannot hold a name. */
const NAME_CODES: Record<string, string> = {
  ENAMETOOLONG: 'its name is longer than the disk allows',
  EILSEQ: 'its name has characters that the disk cannot hold',
  EINVAL: 'the disk cannot hold its name',
};

/**
 * Explains an error of the disk.
 *
 * @returns undefined for other errors, and for those that all files would meet
 */
function explainDisk(disk: FeatureDisk, error: unknown, file: string): string | undefined {
  const { code = '', syscall, path: place } = error as NodeJS.ErrnoException;
  if (syscall === undefined || place === undefined || diskFailure(error) !== undefined) {
    return undefined;
  }
  return `${NAME_CODES[code] ?? file}: ${code}${disk.cureFor(error, path.dirname(file))}`;
}
