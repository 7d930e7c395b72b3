import { TELLING_BYTES } from '../../core/content-types';
import { invalidationsFor } from '../../core/invalidation';
import { applyEdits } from '../../core/location/source';
import { retry } from '../../core/retry';
import type { WriteOptions } from '../../core/s3/bucket';
import { uploadInParts } from '../../core/s3/multipart-upload';
import { knownService } from '../../core/s3/service';
import { type Content, replaceIfSame, storeIfFree } from '../../core/s3/store';
import type { ListedObject } from '../../ghost-site/bucket-listing';
import { findCopy } from './compare-file';
import { explainOrThrow } from './errors';
import { type FeatureLocation, headersOf } from './feature-location';
import { FileProblem } from './file-problem';
import { lookUp } from './listing';
import { digestOfFile, type LocalContent } from './local-content';
import { type Run, TRANSFER_RETRIES } from './run';
import { digestOfObject } from './same-content';
import type { Transfer } from './transfer';

/** A file that is open for uploading. */
export interface Upload {
  /** Path in the feature's folder. */
  path: string;
  local: LocalContent;
  /** The image without its location, if it is to be stored like this. */
  stripped?: LocalContent;
  key: string;
  /** `unknown` when the listing does not contain it, but the service does not list in order. */
  listed?: ListedObject | 'unknown';
}

/** Returns the steps for uploading a file with the headers that the adapter would use. */
export function createUpload(run: Run, location: FeatureLocation, upload: Upload): Transfer {
  const { path, local, stripped, key, listed } = upload;
  const { signal } = run.stopping;
  const retries = { ...TRANSFER_RETRIES, signal };
  const content = contentOf(run, location, upload);
  // Services other than AWS may ignore the condition of the write and replace an object created after the listing.
  const known = listed === 'unknown' ? 'new' : knownService(location.config).isAws ? 'listed' : 'unknown';
  let there = listed;
  /** The content of the file that the object has, or will have. */
  let version = stripped ?? local;
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
    withoutLocation: stripped !== undefined,
    async compare() {
      there = there === 'unknown' ? await lookUp(location.bucket, key, signal) : there;
      if (!there) {
        return 'absent';
      }
      const found = await findCopy(location, { path, local, stripped, object: there }, signal);
      if (found === local) {
        return stripped ? 'with-location' : 'same';
      }
      version = found ?? version;
      return found ? { result: 'present', withoutLocation: true } : 'different';
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
    async strip() {
      const { etag } = there as ListedObject;
      const isReplaced = await replaceIfSame(location.bucket, key, etag, content, retries);
      if (isReplaced) {
        run.stripped.add(location);
      } else {
        there = await lookUp(location.bucket, key, signal);
      }
      local.file.assertUnchanged();
      return isReplaced;
    },
    verify() {
      run.progress.transferred(local.bytes);
      return withdrawIfChanged(async () => {
        const digest = await digestOfObject(location, key, signal);
        const isSame = digest === (await digestOfFile(version, 'sha256'));
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
function contentOf(run: Run, location: FeatureLocation, { path, local: original, stripped }: Upload): Content {
  const { bucket } = location;
  const local = stripped ?? original;
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
function partsOf({ stopping, bandwidth, progress }: Run, { file, bytes, edits = [] }: LocalContent) {
  return {
    size: bytes,
    async fill(buffer: Buffer, position: number) {
      stopping.signal.throwIfAborted();
      await bandwidth.take(buffer.byteLength);
      await file.fill(buffer, position);
      applyEdits(buffer, position, edits);
      progress.transferred(buffer.byteLength);
    },
  };
}
