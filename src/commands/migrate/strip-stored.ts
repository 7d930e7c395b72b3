import { Semaphore } from 'async-mutex';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { findLocation } from '../../core/location/find-location';
import { applyEdits, type Edit, type FileToRead, sourceOfFile } from '../../core/location/source';
import { hidesLocation } from '../../core/location/without-location';
import { codeOf, isNotFound } from '../../core/s3/errors';
import { uploadInParts } from '../../core/s3/multipart-upload';
import { type Content, replaceIfSame } from '../../core/s3/store';
import type { ListedObject } from '../../ghost-site/bucket-listing';
import { ObjectChanged, storedFile } from '../../ghost-site/stored-file';
import { explainOrThrow } from './errors';
import { type FeatureLocation, headersOf } from './feature-location';
import { lookUp } from './listing';
import type { Outcome } from './report';
import { type Run, TRANSFER_RETRIES } from './run';
import { digestOfObject } from './same-content';

/** How much (bytes) of an object to request at once. A PNG is read as a whole, other images only at their beginning. */
const WINDOW_BYTES = 128 * 1024;

/** How many MiB of images may be in memory while they are written without their location. */
const MEMORY_MIB = 12;
const MIB = 1024 * 1024;

const memory = new Semaphore(MEMORY_MIB);

/** Finds the location in an object of a bucket. */
export const findStoredLocation = (image: FileToRead): Promise<Edit[]> =>
  findLocation(sourceOfFile(image, WINDOW_BYTES));

/**
 * Returns an image of a bucket as content for a bucket, without its location.
 *
 * @param image is downloaded piece by piece when it is written
 * @param edits what to change in it
 */
export function contentWithout(
  { stopping, bandwidth, progress }: Run,
  { bucket, config }: FeatureLocation,
  { image, edits, headers }: { image: FileToRead; edits: readonly Edit[]; headers: Content['headers'] },
): Content {
  const { size } = image;
  const file = {
    size,
    fill: async (buffer: Buffer, position: number) => {
      stopping.signal.throwIfAborted();
      await bandwidth.take(buffer.length);
      await image.fill(buffer, position);
      applyEdits(buffer, position, edits);
      progress.transferred(buffer.length);
    },
  };
  const isSmall = size < config.multipartUploadThresholdBytes;
  const bytes = isSmall ? size : Math.min(size, config.uploadConcurrency * config.multipartChunkSizeBytes);
  return {
    size,
    headers,
    write: (key, options) =>
      memory.runExclusive(
        async () => {
          if (!isSmall) {
            return uploadInParts(bucket, key, file, headers, options);
          }
          const body = Buffer.allocUnsafe(size);
          await file.fill(body, 0);
          await bucket.put(key, body, headers, options);
        },
        Math.min(MEMORY_MIB, Math.ceil(bytes / MIB)),
      ),
  };
}

/**
 * Removes the location from an image that is only in the bucket. Its headers stay the same.
 *
 * @param object as it was listed
 * @returns undefined when there is nothing to do, or when the run was stopped
 * @throws Failure for an error that would affect all other files, too
 */
export async function stripStored(
  run: Run,
  location: FeatureLocation,
  object: ListedObject,
): Promise<Outcome | undefined> {
  const { config, keys } = location;
  const { key, bytes } = object;
  const { signal } = run.stopping;
  if (bytes === 0 || !hidesLocation(config, keys.pathOf(key))) {
    return undefined;
  }
  try {
    return await strip(run, location, object);
  } catch (error) {
    if (error instanceof ObjectChanged) {
      return { result: 'changed', error: 'another program replaced it in the bucket while it was read' };
    }
    // Visitors cannot get an archived object either.
    const isAway = isNotFound(error) || codeOf(error) === 'InvalidObjectState';
    return signal.aborted || isAway
      ? undefined
      : { result: 'failed', error: explainOrThrow(error, location, 'PutObject', key) };
  }
}

async function strip(run: Run, location: FeatureLocation, object: ListedObject): Promise<Outcome | undefined> {
  const { bucket } = location;
  const { key, etag } = object;
  const { signal } = run.stopping;
  const retries = { ...TRANSFER_RETRIES, signal };
  const image = storedFile(bucket, object, retries);
  const edits = await findStoredLocation(image);
  if (edits.length === 0) {
    return undefined;
  }
  if (run.settings.dryRun) {
    return { result: 'to-strip' };
  }
  const there = await lookUp(bucket, key, signal);
  if (!there) {
    return undefined;
  }
  const expected = run.settings.verify ? await digestOfObject(location, key, signal, { edits }) : undefined;
  const content = contentWithout(run, location, { image, edits, headers: sameHeaders(location, key, there.answer) });
  if (!(await replaceIfSame(bucket, key, etag, content, retries))) {
    throw new ObjectChanged(key);
  }
  run.stripped.add(location);
  if (expected === undefined) {
    return { result: 'stripped' };
  }
  return expected === (await digestOfObject(location, key, signal))
    ? { result: 'stripped', verified: true }
    : { result: 'failed', error: 'the object in the bucket differs from what was written' };
}

/** Returns the headers of an object, with the ID of a new upload and with the encryption of new uploads. */
function sameHeaders(location: FeatureLocation, key: string, there: HeadObjectCommandOutput): Content['headers'] {
  const headers = headersOf(location, location.keys.pathOf(key), { type: there.ContentType });
  return {
    ...headers,
    ContentType: there.ContentType,
    CacheControl: there.CacheControl,
    ContentDisposition: there.ContentDisposition,
    ContentEncoding: there.ContentEncoding,
    StorageClass: there.StorageClass,
    Metadata: { ...there.Metadata, ...headers.Metadata },
  };
}
