import { readFile } from 'node:fs/promises';
import { UPLOAD_ID } from '../../core/content-headers';
import { invalidationsFor } from '../../core/invalidation';
import { retry } from '../../core/retry';
import { isNotImplemented, isTaken } from '../../core/s3/errors';
import { uploadInParts } from '../../core/s3/multipart-upload';
import { OpenedFile } from '../../core/s3/opened-file';
import { type ListedObject, Listing, LookUp } from './listing';
import { filesBelow, type LocalEntry, unreadable } from './local-files';
import { inParallel } from './parallel';
import { headersOf, keyOfFile, type FeatureLocation, SIZES_PREFIX } from './feature-location';
import type { ReportLine } from './report';
import { MEMORY_BYTES, recordOutcome, type Run, TRANSFER_RETRIES } from './run';
import { explainOrThrow } from './errors';
import { digestOfFile, digestOfObject, isSameContent, type LocalContent } from './same-content';

type LocalFile = Extract<LocalEntry, { kind: 'file' }>;

/** A file, and what the bucket had under its key when it was listed. */
interface Candidate {
  entry: LocalEntry;
  key?: string;
  listed?: ListedObject;
  /** Why it has no key. */
  refusal?: string;
}

/**
 * Brings the files of a feature into the bucket, each under the key and with the headers that the adapter would give it.
 * What is there with the same bytes is passed over; what is there with others stays, unless it is to be overwritten.
 *
 * @param insides folders that links may lead into
 * @throws Failure for what keeps all files from being moved
 */
export async function migrateToBucket(run: Run, location: FeatureLocation, insides: string[]): Promise<void> {
  const { settings, stopping } = run;
  const leftOut = settings.skipSizes && location.feature === 'images' ? SIZES_PREFIX : undefined;
  const files = () => filesBelow(location.folder, insides, leftOut);
  // What it fails with, the others meet, too.
  count(run, files()).catch(() => {});
  const limits = { concurrency: settings.concurrency, memoryBytes: MEMORY_BYTES };
  const weight = (candidate: Candidate) => weigh(location, candidate);
  await inParallel(candidates(run, location, files()), limits, stopping, weight, (candidate) =>
    move(run, location, candidate),
  );
}

/** Goes ahead, so that the progress knows its end. */
async function count({ progress, stopping }: Run, batches: AsyncIterable<LocalEntry[]>): Promise<void> {
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

/** Goes through the disk and the bucket side by side: both are in the order of the keys. */
async function* candidates(
  { stopping }: Run,
  location: FeatureLocation,
  batches: AsyncIterable<LocalEntry[]>,
): AsyncGenerator<Candidate> {
  const bucket = new LookUp(new Listing(location.config, location.bucket, location.keyPrefix, stopping.signal));
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

function weigh({ config }: FeatureLocation, { entry }: Candidate): number {
  if (entry.kind !== 'file') {
    return 0;
  }
  return entry.bytes < config.multipartUploadThresholdBytes
    ? entry.bytes
    : Math.min(config.uploadConcurrency * config.multipartChunkSizeBytes, entry.bytes);
}

async function move(run: Run, location: FeatureLocation, { entry, key, listed, refusal }: Candidate): Promise<void> {
  const path = `${location.feature}/${entry.path}`;
  if (entry.kind === 'ignored') {
    await recordOutcome(run, { path, result: 'ignored' });
  } else if (entry.kind === 'refused') {
    await recordOutcome(run, { path, result: 'refused', error: entry.reason });
  } else if (key === undefined) {
    await recordOutcome(run, { path, bytes: entry.bytes, result: 'refused', error: refusal });
  } else {
    const outcome = await moveFile(run, location, entry, key, listed);
    if (outcome) {
      await recordOutcome(run, { path, key, bytes: entry.bytes, ...outcome });
    }
  }
}

type FileOutcome = Pick<ReportLine, 'result' | 'verified' | 'error'>;

/** @returns undefined when the run was stopped in the middle */
async function moveFile(
  run: Run,
  location: FeatureLocation,
  file: LocalFile,
  key: string,
  listed: ListedObject | undefined,
): Promise<FileOutcome | undefined> {
  const { settings, stopping } = run;
  let local: LocalContent;
  try {
    local = await load(location, file, settings.dryRun && !listed);
  } catch (error) {
    return { result: 'failed', error: unreadable(error) };
  }
  try {
    const outcome = await bringInto(run, location, file, local, key, listed);
    const isThere = ['uploaded', 'overwritten', 'present'].includes(outcome.result);
    if (!settings.verify || !isThere) {
      return outcome;
    }
    run.progress.transferred(local.bytes);
    const isSame = (await digestOfObject(location, key, stopping.signal)) === (await digestOfFile(local, 'sha256'));
    return isSame
      ? { ...outcome, verified: true }
      : { result: 'failed', error: 'what was read back from the bucket is not what is on the disk' };
  } catch (error) {
    if (stopping.signal.aborted) {
      return undefined;
    }
    return { result: 'failed', error: explainOrThrow(error, location, 'PutObject', key) };
  }
}

/** @param nameOnly nobody will look at the bytes */
async function load({ config }: FeatureLocation, { file, bytes }: LocalFile, nameOnly: boolean): Promise<LocalContent> {
  if (nameOnly || bytes >= config.multipartUploadThresholdBytes) {
    return { file, bytes };
  }
  const content = await readFile(file);
  return { file, bytes: content.byteLength, content };
}

async function bringInto(
  run: Run,
  location: FeatureLocation,
  file: LocalFile,
  local: LocalContent,
  key: string,
  listed: ListedObject | undefined,
): Promise<FileOutcome> {
  const { dryRun, overwrite } = run.settings;
  if (!listed) {
    if (dryRun) {
      return { result: 'to-upload' };
    }
    const { outcome, uploadId } = await put(run, location, file, local, key, true);
    if (outcome === 'stored') {
      return { result: 'uploaded' };
    }
    // Taken since it was listed: by another program, or by this one, when the answer to its first attempt was lost.
    const { ContentLength = 0, ETag = '', Metadata } = await location.bucket.head(key);
    if (Metadata?.[UPLOAD_ID] === uploadId) {
      return { result: 'uploaded' };
    }
    return bringInto(run, location, file, local, key, { key, bytes: ContentLength, etag: ETag.replaceAll('"', '') });
  }
  if (await isSameContent(location, local, listed, run.stopping.signal)) {
    return { result: 'present' };
  }
  if (!overwrite) {
    return { result: 'conflict', error: 'the bucket holds something else under this key' };
  }
  if (dryRun) {
    return { result: 'to-overwrite' };
  }
  await put(run, location, file, local, key, false);
  invalidationsFor(location.config)?.overwritten(location.keys.toUrl(key));
  return { result: 'overwritten' };
}

/** Providers without conditional writes, by their buckets' configurations. */
const withoutConditionalWrites = new WeakSet<object>();

/**
 * @param onlyIfFree has S3 refuse to overwrite
 * @returns whether it was stored, or something else had the key
 * @throws the SDK's error, or the file's
 */
async function put(
  run: Run,
  location: FeatureLocation,
  file: LocalFile,
  local: LocalContent,
  key: string,
  onlyIfFree: boolean,
): Promise<{ outcome: 'stored' | 'taken'; uploadId?: string }> {
  const { config, bucket } = location;
  const headers = headersOf(location, file.path);
  const uploadId = headers.Metadata?.[UPLOAD_ID];
  const isConditional = onlyIfFree && !withoutConditionalWrites.has(config);
  try {
    if (onlyIfFree && !isConditional && (await bucket.exists(key))) {
      return { outcome: 'taken', uploadId };
    }
    const write = async () => {
      if (local.content) {
        await run.bandwidth.take(local.bytes);
        await bucket.put(key, local.content, headers, isConditional);
        run.progress.transferred(local.bytes);
        return;
      }
      const opened = await openForParts(run, file);
      try {
        await uploadInParts(config, bucket, key, opened, local.bytes, headers, isConditional);
      } finally {
        await opened.close();
      }
    };
    await retry(write, { ...TRANSFER_RETRIES, signal: run.stopping.signal });
    return { outcome: 'stored', uploadId };
  } catch (error) {
    if (onlyIfFree && isTaken(error)) {
      return { outcome: 'taken', uploadId };
    }
    if (isConditional && isNotImplemented(error)) {
      withoutConditionalWrites.add(config);
      return put(run, location, file, local, key, onlyIfFree);
    }
    throw error;
  }
}

/** Opens a file whose parts wait for the line, and end when the run does: the parts that were sent are given up then. */
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
