import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { retry } from '../../core/retry';
import { explainOrThrow } from './errors';
import { type FeatureLocation, isImageSize } from './feature-location';
import { type ListedObject, Listing, withoutFolderMarkers } from './listing';
import { isSafePath, LocalFolders } from './local-folders';
import { inParallel } from './parallel';
import { recordOutcome, type Run, TRANSFER_RETRIES } from './run';
import { digestOfFile, digestOfObject, isSameContent, READ_BYTES, readIfSmall } from './same-content';
import { type Transfer, transferFile } from './transfer';

/**
 * Downloads a feature's files from the bucket. A file gets its name only when it is complete.
 *
 * A download takes 0.4 MB of memory, however large the file is, for the buffers of the connection and of the file. So
 * `--concurrency` bounds the memory: its maximum of 256 takes 100 MB.
 *
 * @param allowedFolders folders that links on the disk may lead into
 * @throws Failure for an error that all files would meet
 */
export async function migrateToLocal(run: Run, location: FeatureLocation, allowedFolders: string[]): Promise<void> {
  const { settings, stopping } = run;
  const owner = await stat(path.dirname(location.folder));
  const folders = new LocalFolders(location.folder, allowedFolders, owner);
  // The loop below meets the same errors.
  countObjects(run, location).catch(() => {});
  const limits = { concurrency: settings.concurrency };
  const pathOf = (key: string) => key.slice(location.keyPrefix.length);
  const passOver = async ({ key, bytes }: ListedObject) =>
    recordOutcome(run, { path: `${location.feature}/${pathOf(key)}`, key, bytes, result: 'folder-marker' });
  await inParallel(objectsToMigrate(run, location, passOver), limits, stopping, async (object) => {
    const relativePath = pathOf(object.key);
    const file = path.join(location.folder, relativePath);
    const outcome = isSafePath(relativePath)
      ? await transferFile(run, createDownload(run, location, folders, file, object))
      : ({ result: 'refused', error: 'the key is no path of a file' } as const);
    if (outcome) {
      const { key, bytes } = object;
      await recordOutcome(run, { path: `${location.feature}/${relativePath}`, key, bytes, ...outcome });
    }
  });
}

/** @param onMarker is told of each object that only stands for a folder */
async function* objectsToMigrate(
  { settings, stopping }: Run,
  location: FeatureLocation,
  onMarker: (marker: ListedObject) => void | Promise<void> = () => {},
): AsyncGenerator<ListedObject> {
  const listing = new Listing(location, location.keyPrefix, stopping.signal);
  for await (const object of withoutFolderMarkers(listing, onMarker)) {
    const isLeftOut = settings.skipSizes && isImageSize(location, object.key.slice(location.keyPrefix.length));
    if (!isLeftOut) {
      yield object;
    }
  }
}

/** Counts ahead of the downloads, so that the progress has a total. */
async function countObjects(run: Run, location: FeatureLocation): Promise<void> {
  for await (const { bytes } of objectsToMigrate(run, location)) {
    run.progress.found(1, bytes);
  }
}

function createDownload(
  run: Run,
  location: FeatureLocation,
  folders: LocalFolders,
  file: string,
  object: ListedObject,
): Transfer {
  const { signal } = run.stopping;
  return {
    result: 'downloaded',
    async compare() {
      if (!(await folders.isAllowed(path.dirname(file)))) {
        return { result: 'refused', error: 'a link on the way to it leads out of the content' };
      }
      const stats = await statIfExists(file);
      if (!stats) {
        return 'absent';
      }
      if (!stats.isFile()) {
        return { result: 'conflict', error: 'a folder has its name on the disk' };
      }
      const local = await readIfSmall(file, stats.size, READ_BYTES);
      return (await isSameContent(location, local, object, signal)) ? 'same' : 'different';
    },
    async write() {
      await download(run, location, folders, file, object);
      return true;
    },
    async verify() {
      const local = { file, bytes: object.bytes };
      return (await digestOfFile(local, 'sha256')) === (await digestOfObject(location, object.key, signal));
    },
    explain: (error) => explainOrThrow(error, location, 'GetObject', object.key),
    errors: {
      conflict: 'the disk holds something else under this name',
      damaged: 'what was read back from the disk is not what is in the bucket',
    },
  };
}

async function statIfExists(file: string) {
  try {
    return await stat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

async function download(
  run: Run,
  location: FeatureLocation,
  folders: LocalFolders,
  file: string,
  { key, bytes, lastModified }: ListedObject,
): Promise<void> {
  const { bandwidth, progress, stopping } = run;
  const { signal } = stopping;
  const folder = path.dirname(file);
  await folders.create(folder);
  // Next to the file, to be on the same disk. The name is short, and the same in each run, so that a run replaces the
  // file of one that was killed.
  const temporary = path.join(folder, `.${createHash('sha1').update(key).digest('hex')}.tmp`);
  const metered = async function* (pieces: Readable) {
    for await (const piece of pieces as AsyncIterable<Buffer>) {
      await bandwidth.take(piece.length);
      progress.transferred(piece.length);
      yield piece;
    }
  };
  const downloadOnce = async () => {
    await rm(temporary, { force: true });
    const { Body } = await location.bucket.get(key);
    // The flags refuse a link that somebody has put there, which matters when root runs the command.
    await pipeline(Body, metered, createWriteStream(temporary, { flags: 'wx' }), { signal });
  };
  try {
    await retry(downloadOnce, { ...TRANSFER_RETRIES, signal });
    const { size } = await stat(temporary);
    if (size !== bytes) {
      throw new Error(`${size} of ${bytes} bytes have arrived`);
    }
    if (lastModified) {
      await utimes(temporary, lastModified, lastModified);
    }
    await folders.giveToOwner(temporary);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
