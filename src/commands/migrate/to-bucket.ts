import { isServedFromDisk } from '../../core/features';
import { hidesLocation } from '../../core/location/without-location';
import { takeBuffer, type UploadBuffer } from '../../core/s3/upload-limit';
import { type ListedObject, Listing } from '../../ghost-site/bucket-listing';
import type { FeatureDisk } from '../../ghost-site/feature-disk';
import { filesBelow, type LocalEntry, unreadable } from '../../ghost-site/local-files';
import { type FeatureLocation, isImageSize, keyOfFile } from './feature-location';
import { FileProblem } from './file-problem';
import { ListingCursor } from './listing';
import { readIfSmall, withoutLocation } from './local-content';
import { LocalFile } from './local-file';
import { inParallel } from './parallel';
import type { Outcome } from './report';
import { type Found, recordOutcome, type Run, TRANSFER_RETRIES } from './run';
import { stripStored } from './strip-stored';
import { transferFile } from './transfer';
import { createUpload, type Upload } from './upload-file';

/** How much memory (bytes) simultaneous uploads may use. */
const MEMORY_BYTES = 12 * 1024 * 1024;

/** Size (bytes) from which files are read into buffers that are reused, because Node frees such buffers late. */
const REUSED_BYTES = 1024 * 1024;

type FileEntry = Extract<LocalEntry, { kind: 'file' }>;

/** A local entry, with the object that the bucket's listing has under its key. */
interface Candidate {
  entry: LocalEntry;
  key?: string;
  listed?: Upload['listed'];
  /** Why the entry has no key. */
  refusal?: string;
}

/** An object that is not on the disk. */
interface OnlyStored {
  stored: ListedObject;
}

/**
 * Uploads a feature's files to the bucket, with the keys and headers that the adapter would use.
 *
 * @throws Failure for an error that would affect all files
 */
export async function migrateToBucket(run: Run, location: FeatureLocation, disk: FeatureDisk): Promise<void> {
  const { settings, stopping } = run;
  const listing = new ListingCursor(
    new Listing(location, location.keyPrefix, { ...TRANSFER_RETRIES, signal: stopping.signal }),
  );
  // Before the disk is read with another user's rights, so that the SDK reads the credentials of this user.
  await listing.open();
  run.startCounting();
  const bytesOf = (found: Candidate | OnlyStored) => ('stored' in found ? 0 : memoryOf(location, found));
  const limits = { concurrency: settings.concurrency, memory: { maxBytes: MEMORY_BYTES, bytesOf } };
  await inParallel(candidates(run, location, listing, disk), limits, stopping, (found) =>
    'stored' in found ? migrateStored(run, location, found.stored) : migrateCandidate(run, location, disk, found),
  );
}

/** Finds the files that `migrateToBucket` uploads, for the progress. */
export async function* countToBucket(run: Run, location: FeatureLocation, disk: FeatureDisk): AsyncGenerator<Found> {
  for await (const batch of filesOf(run, location, disk)) {
    const files = batch.filter((entry) => entry.kind !== 'ignored');
    yield {
      files: files.length,
      bytes: files.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.bytes : 0), 0),
    };
  }
}

function filesOf({ settings }: Run, location: FeatureLocation, disk: FeatureDisk): AsyncGenerator<LocalEntry[]> {
  return filesBelow(
    disk,
    (folder) => isServedFromDisk(location.feature, folder) || (settings.skipSizes && isImageSize(location, folder)),
  );
}

/**
 * Reads the disk and the bucket side by side, since both are in the order of the keys. Where the service does not list in
 * that order, an object may also come before its file.
 */
async function* candidates(
  run: Run,
  location: FeatureLocation,
  bucket: ListingCursor,
  disk: FeatureDisk,
): AsyncGenerator<Candidate | OnlyStored> {
  for await (const batch of filesOf(run, location, disk)) {
    for (const entry of batch) {
      if (entry.kind !== 'file') {
        yield { entry };
        continue;
      }
      let key: string;
      try {
        key = keyOfFile(location, entry.path);
      } catch (error) {
        yield { entry, refusal: (error as Error).message };
        continue;
      }
      yield* onlyStored(run, location, bucket.before(key));
      yield { entry, key, listed: await bucket.take(key) };
    }
  }
  if (run.settings.stripLocation) {
    yield* onlyStored(run, location, bucket.before());
  }
}

/** Yields the objects whose location is to be removed, and passes over the others. */
async function* onlyStored(
  { settings: { stripLocation, skipSizes } }: Run,
  location: FeatureLocation,
  objects: AsyncIterable<ListedObject>,
): AsyncGenerator<OnlyStored> {
  for await (const stored of objects) {
    if (stripLocation && !(skipSizes && isImageSize(location, location.keys.pathOf(stored.key)))) {
      yield { stored };
    }
  }
}

/** Returns the memory (bytes) that an upload needs. */
function memoryOf({ config }: FeatureLocation, { entry }: Candidate): number {
  if (entry.kind !== 'file') {
    return 0;
  }
  return entry.bytes < config.multipartUploadThresholdBytes
    ? entry.bytes
    : Math.min(config.uploadConcurrency * config.multipartChunkSizeBytes, entry.bytes);
}

/** Removes the location from an image that is not on the disk, because Ghost stored it in the bucket. */
async function migrateStored(run: Run, location: FeatureLocation, stored: ListedObject): Promise<void> {
  const { key, bytes } = stored;
  const outcome = await stripStored(run, location, stored);
  if (outcome) {
    run.progress.found(1, bytes);
    await recordOutcome(run, { path: `${location.feature}/${location.keys.pathOf(key)}`, key, bytes, ...outcome });
  }
}

async function migrateCandidate(
  run: Run,
  location: FeatureLocation,
  disk: FeatureDisk,
  { entry, key, listed, refusal }: Candidate,
): Promise<void> {
  const path = `${location.feature}/${entry.path}`;
  if (entry.kind === 'ignored') {
    await recordOutcome(run, { path, result: 'ignored', error: entry.reason });
  } else if (entry.kind === 'refused') {
    await recordOutcome(run, { path, result: 'refused', error: entry.reason });
  } else if (key === undefined) {
    await recordOutcome(run, { path, bytes: entry.bytes, result: 'refused', error: refusal });
  } else {
    const outcome = await migrateFile(run, location, disk, entry, key, listed);
    if (outcome) {
      await recordOutcome(run, { path, key, bytes: entry.bytes, ...outcome });
    }
  }
}

/** @returns undefined when the run was stopped in the middle */
async function migrateFile(
  run: Run,
  location: FeatureLocation,
  disk: FeatureDisk,
  entry: FileEntry,
  key: string,
  listed: Candidate['listed'],
): Promise<Outcome | undefined> {
  const isNeverRead = run.settings.dryRun && typeof listed !== 'object';
  const maxBytes = isNeverRead ? 0 : location.config.multipartUploadThresholdBytes;
  let opened: LocalFile | undefined;
  let reused: UploadBuffer | undefined;
  let isSent = false;
  const allocate = async (bytes: number) => {
    if (bytes < REUSED_BYTES) {
      return Buffer.allocUnsafe(bytes);
    }
    reused = await takeBuffer(location.config, bytes);
    return reused.buffer;
  };
  try {
    const file = await disk.run(() => LocalFile.open(disk, entry.file, entry.state));
    opened = file;
    const local = await readIfSmall(file, maxBytes, allocate);
    const { path } = entry;
    const isStripped = run.settings.stripLocation && hidesLocation(location.config, path);
    const stripped = isStripped ? await withoutLocation(local) : undefined;
    const outcome = await transferFile(run, createUpload(run, location, { path, local, stripped, key, listed }));
    isSent = outcome !== undefined && outcome.result !== 'failed';
    return outcome;
  } catch (error) {
    if (error instanceof FileProblem) {
      return error.outcome;
    }
    if (opened) {
      throw error;
    }
    return { result: 'failed', error: unreadable(disk, error, entry.file) };
  } finally {
    opened?.close();
    reused?.giveBack(isSent);
  }
}
