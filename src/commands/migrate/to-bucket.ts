import { TELLING_BYTES } from '../../core/content-types';
import { isServedFromDisk } from '../../core/features';
import { invalidationsFor } from '../../core/invalidation';
import { retry } from '../../core/retry';
import type { WriteOptions } from '../../core/s3/bucket';
import { uploadInParts } from '../../core/s3/multipart-upload';
import { knownService } from '../../core/s3/service';
import { type Content, storeIfFree } from '../../core/s3/store';
import { type ListedObject, Listing } from '../../ghost-site/bucket-listing';
import { ListingCursor, lookUp } from './listing';
import type { FeatureDisk } from '../../ghost-site/feature-disk';
import { FileProblem } from './file-problem';
import { LocalFile } from './local-file';
import { filesBelow, type LocalEntry, unreadable } from '../../ghost-site/local-files';
import { inParallel } from './parallel';
import { headersOf, keyOfFile, isImageSize, type FeatureLocation } from './feature-location';
import type { Outcome } from './report';
import { type Found, recordOutcome, type Run, TRANSFER_RETRIES } from './run';
import { explainOrThrow } from './errors';
import { digestOfFile, digestOfObject, isSameContent, type LocalContent, readIfSmall } from './same-content';
import { type Transfer, transferFile } from './transfer';

/** How much memory (bytes) simultaneous uploads may use. */
const MEMORY_BYTES = 12 * 1024 * 1024;

type FileEntry = Extract<LocalEntry, { kind: 'file' }>;

/** A local entry, with the object that the bucket's listing has under its key. */
interface Candidate {
  entry: LocalEntry;
  key?: string;
  /** `unknown` when the listing does not contain it, but the service does not list in order. */
  listed?: ListedObject | 'unknown';
  /** Why the entry has no key. */
  refusal?: string;
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
  const memory = { maxBytes: MEMORY_BYTES, bytesOf: (candidate: Candidate) => memoryOf(location, candidate) };
  const limits = { concurrency: settings.concurrency, memory };
  await inParallel(candidates(location, listing, filesOf(run, location, disk)), limits, stopping, (candidate) =>
    migrateCandidate(run, location, disk, candidate),
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

/** Reads the disk and the bucket side by side, since both are in the order of the keys. */
async function* candidates(
  location: FeatureLocation,
  bucket: ListingCursor,
  batches: AsyncIterable<LocalEntry[]>,
): AsyncGenerator<Candidate> {
  for await (const batch of batches) {
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
      yield { entry, key, listed: await bucket.find(key) };
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
  try {
    const file = await disk.run(() => LocalFile.open(disk, entry.file, entry.state));
    opened = file;
    const local = await readIfSmall(file, maxBytes);
    return await transferFile(run, createUpload(run, location, { path: entry.path, local, key, listed }));
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
  }
}

/** A file that is open for uploading. */
interface Upload {
  /** Path in the feature's folder. */
  path: string;
  local: LocalContent;
  key: string;
  listed: Candidate['listed'];
}

function createUpload(run: Run, location: FeatureLocation, upload: Upload): Transfer {
  const { local, key, listed } = upload;
  const { signal } = run.stopping;
  const retries = { ...TRANSFER_RETRIES, signal };
  const content = contentOf(run, location, upload);
  // Services other than AWS may ignore the condition of the write and replace an object created after the listing.
  const known = listed === 'unknown' ? 'new' : knownService(location.config).isAws ? 'listed' : 'unknown';
  let there = listed;
  let isOurs = false;
  const withdrawIfChanged = async <T>(step: () => T | Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      throw error instanceof FileProblem && isOurs ? await withdraw(location, key, content, error) : error;
    }
  };
  return {
    result: 'uploaded',
    async compare() {
      there = there === 'unknown' ? await lookUp(location.bucket, key, signal) : there;
      if (!there) {
        return 'absent';
      }
      return (await isSameContent(location, local, there, signal)) ? 'same' : 'different';
    },
    async write(isNew) {
      if (!isNew) {
        await retry(() => content.write(key, {}), retries);
        invalidationsFor(location.config)?.overwritten(location.keys.toUrl(key));
        local.file.assertUnchanged();
        return true;
      }
      const outcome = await storeIfFree(location.bucket, key, content, { known, retries });
      isOurs = outcome === 'stored';
      if (!isOurs) {
        const { ContentLength = 0, ETag = '' } = await location.bucket.head(key);
        there = { key, bytes: ContentLength, etag: ETag.replaceAll('"', '') };
      }
      await withdrawIfChanged(() => local.file.assertUnchanged());
      return isOurs;
    },
    verify() {
      run.progress.transferred(local.bytes);
      return withdrawIfChanged(async () => {
        const digest = await digestOfObject(location, key, signal);
        const isSame = digest === (await digestOfFile(local, 'sha256'));
        local.file.assertUnchanged();
        return isSame;
      });
    },
    explain: (error) => explainOrThrow(error, location, 'PutObject', key),
    errors: {
      conflict: 'the bucket has a different object with this key',
      damaged: 'the object in the bucket differs from the file on the disk',
    },
  };
}

/** Deletes the object of a file that changed during the upload, and returns the problem to report. */
async function withdraw(
  { bucket, config, keys }: FeatureLocation,
  key: string,
  { headers }: Content,
  problem: FileProblem,
): Promise<FileProblem> {
  const { message } = problem;
  try {
    if (await bucket.isOfUpload(key, headers)) {
      await bucket.delete(key);
      invalidationsFor(config)?.overwritten(keys.toUrl(key));
      return problem;
    }
    // Some services do not store upload IDs. It is then unknown which upload created the object.
    return (await bucket.exists(key))
      ? new FileProblem(
          'changed',
          `${message}. The object ${key} is from another upload or has an older version of the file. Compare them`,
        )
      : problem;
  } catch (error) {
    const reason = (error as Error).message;
    return new FileProblem(
      'changed',
      `${message}. Delete ${key} yourself, since it has an older version of the file: ${reason}`,
    );
  }
}

/** Returns a file as content for the bucket, which respects the bandwidth limit of the run. */
function contentOf(run: Run, location: FeatureLocation, { path, local }: Upload): Content {
  const { bucket } = location;
  const headers = headersOf(location, path, { start: local.content?.subarray(0, TELLING_BYTES) });
  const writeAtOnce = async (key: string, body: Buffer, options: WriteOptions) => {
    await run.bandwidth.take(local.bytes);
    local.file.assertUnchanged();
    await bucket.put(key, body, headers, options);
    run.progress.transferred(local.bytes);
  };
  return {
    size: local.bytes,
    headers,
    bytes: local.content,
    write: (key, options) =>
      local.content
        ? writeAtOnce(key, local.content, options)
        : uploadInParts(bucket, key, partsOf(run, local), headers, options),
  };
}

/**
 * Returns a file whose parts respect the bandwidth limit. When the run ends, reading fails, which aborts the upload.
 */
function partsOf({ stopping, bandwidth, progress }: Run, { file, bytes }: LocalContent) {
  return {
    size: bytes,
    async fill(buffer: Buffer, position: number) {
      stopping.signal.throwIfAborted();
      await bandwidth.take(buffer.byteLength);
      await file.fill(buffer, position);
      progress.transferred(buffer.byteLength);
    },
  };
}
