import { invalidationsFor } from '../../core/invalidation';
import { retry } from '../../core/retry';
import type { WriteOptions } from '../../core/s3/bucket';
import { uploadInParts } from '../../core/s3/multipart-upload';
import { OpenedFile } from '../../core/s3/opened-file';
import { knownService } from '../../core/s3/service';
import { type Content, storeIfFree } from '../../core/s3/store';
import { type ListedObject, Listing, ListingCursor, lookUp } from './listing';
import { filesBelow, type LocalEntry, unreadable } from './local-files';
import { inParallel } from './parallel';
import { headersOf, keyOfFile, type FeatureLocation, SIZES_PREFIX } from './feature-location';
import type { Outcome } from './report';
import { recordOutcome, type Run, TRANSFER_RETRIES } from './run';
import { explainOrThrow } from './errors';
import { digestOfFile, digestOfObject, isSameContent, type LocalContent, readIfSmall } from './same-content';
import { type Transfer, transferFile } from './transfer';

/** How much memory (bytes) the files that are uploaded at the same time may take. */
const MEMORY_BYTES = 12 * 1024 * 1024;

type LocalFile = Extract<LocalEntry, { kind: 'file' }>;

/** A local entry, and the object under its key when the bucket was listed. */
interface Candidate {
  entry: LocalEntry;
  key?: string;
  /** `unknown` when the listing does not contain it, and the service may list in any order. */
  listed?: ListedObject | 'unknown';
  /** Why the entry has no key. */
  refusal?: string;
}

/**
 * Uploads a feature's files to the bucket, under the keys and with the headers that the adapter would give them.
 *
 * @param allowedFolders folders that links may lead into
 * @throws Failure for an error that all files would meet
 */
export async function migrateToBucket(run: Run, location: FeatureLocation, allowedFolders: string[]): Promise<void> {
  const { settings, stopping } = run;
  const leftOut = settings.skipSizes && location.feature === 'images' ? SIZES_PREFIX : undefined;
  const files = () => filesBelow(location.folder, allowedFolders, leftOut);
  // The loop below meets the same errors.
  countFiles(run, files()).catch(() => {});
  const memory = { maxBytes: MEMORY_BYTES, bytesOf: (candidate: Candidate) => memoryOf(location, candidate) };
  const limits = { concurrency: settings.concurrency, memory };
  await inParallel(candidates(run, location, files()), limits, stopping, (candidate) =>
    migrateCandidate(run, location, candidate),
  );
}

/** Counts ahead of the uploads, so that the progress has a total. */
async function countFiles({ progress, stopping }: Run, batches: AsyncIterable<LocalEntry[]>): Promise<void> {
  for await (const batch of batches) {
    const files = batch.filter((entry) => entry.kind !== 'ignored');
    progress.found(
      files.length,
      files.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.bytes : 0), 0),
    );
    if (stopping.signal.aborted) {
      return;
    }
  }
}

/** Reads the disk and the bucket in step: both are in the order of the keys. */
async function* candidates(
  { stopping }: Run,
  location: FeatureLocation,
  batches: AsyncIterable<LocalEntry[]>,
): AsyncGenerator<Candidate> {
  const bucket = new ListingCursor(new Listing(location, location.keyPrefix, stopping.signal));
  await bucket.open();
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

/** Returns the memory (bytes) that an upload takes. */
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
  { entry, key, listed, refusal }: Candidate,
): Promise<void> {
  const path = `${location.feature}/${entry.path}`;
  if (entry.kind === 'ignored') {
    await recordOutcome(run, { path, result: 'ignored' });
  } else if (entry.kind === 'refused') {
    await recordOutcome(run, { path, result: 'refused', error: entry.reason });
  } else if (key === undefined) {
    await recordOutcome(run, { path, bytes: entry.bytes, result: 'refused', error: refusal });
  } else {
    const outcome = await migrateFile(run, location, entry, key, listed);
    if (outcome) {
      await recordOutcome(run, { path, key, bytes: entry.bytes, ...outcome });
    }
  }
}

/** @returns undefined when the run was stopped in the middle */
async function migrateFile(
  run: Run,
  location: FeatureLocation,
  file: LocalFile,
  key: string,
  listed: Candidate['listed'],
): Promise<Outcome | undefined> {
  const isNeverRead = run.settings.dryRun && typeof listed !== 'object';
  const maxBytes = isNeverRead ? 0 : location.config.multipartUploadThresholdBytes;
  let local: LocalContent;
  try {
    local = await readIfSmall(file.file, file.bytes, maxBytes);
  } catch (error) {
    return { result: 'failed', error: unreadable(error) };
  }
  return transferFile(run, createUpload(run, location, file, local, key, listed));
}

function createUpload(
  run: Run,
  location: FeatureLocation,
  file: LocalFile,
  local: LocalContent,
  key: string,
  listed: Candidate['listed'],
): Transfer {
  const { signal } = run.stopping;
  const retries = { ...TRANSFER_RETRIES, signal };
  const content = contentOf(run, location, file, local);
  // Other services than AWS may ignore the condition of the write, and overwrite what came after the listing.
  const known = listed === 'unknown' ? 'new' : knownService(location.config).isAws ? 'listed' : 'unknown';
  let there = listed;
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
        return true;
      }
      const outcome = await storeIfFree(location.bucket, key, content, { known, retries });
      if (outcome !== 'stored') {
        const { ContentLength = 0, ETag = '' } = await location.bucket.head(key);
        there = { key, bytes: ContentLength, etag: ETag.replaceAll('"', '') };
      }
      return outcome === 'stored';
    },
    async verify() {
      run.progress.transferred(local.bytes);
      return (await digestOfObject(location, key, signal)) === (await digestOfFile(local, 'sha256'));
    },
    explain: (error) => explainOrThrow(error, location, 'PutObject', key),
    errors: {
      conflict: 'the bucket holds something else under this key',
      damaged: 'what was read back from the bucket is not what is on the disk',
    },
  };
}

/** Returns a file as content for the bucket, which is sent within the bandwidth of the run. */
function contentOf(run: Run, location: FeatureLocation, file: LocalFile, local: LocalContent): Content {
  const { bucket } = location;
  const headers = headersOf(location, file.path);
  const writeAtOnce = async (key: string, body: Buffer, options: WriteOptions) => {
    await run.bandwidth.take(local.bytes);
    await bucket.put(key, body, headers, options);
    run.progress.transferred(local.bytes);
  };
  const writeInParts = async (key: string, options: WriteOptions) => {
    const opened = await openForParts(run, file);
    try {
      await uploadInParts(bucket, key, opened, headers, options);
    } finally {
      await opened.close();
    }
  };
  return {
    size: local.bytes,
    headers,
    bytes: local.content,
    write: (key, options) => (local.content ? writeAtOnce(key, local.content, options) : writeInParts(key, options)),
  };
}

/** Opens a file whose parts wait for the bandwidth. When the run ends, reading fails, which aborts the upload. */
async function openForParts({ stopping, bandwidth, progress }: Run, { file, path }: LocalFile): Promise<OpenedFile> {
  const opened = await OpenedFile.open({ path: file, name: path });
  const fill = opened.fill.bind(opened);
  opened.fill = async (buffer, position) => {
    stopping.signal.throwIfAborted();
    await bandwidth.take(buffer.byteLength);
    await fill(buffer, position);
    progress.transferred(buffer.byteLength);
  };
  return opened;
}
