import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { invalidationsFor } from '../../../core/invalidation';
import { retry } from '../../../core/retry';
import { Bucket } from '../../../core/s3/bucket';
import { codeOf } from '../../../core/s3/errors';
import { storeIfFree } from '../../../core/s3/store';
import { Failure } from '../../../shell/failure';
import { explainOrThrow } from '../errors';
import { type FeatureLocation, isImageSize, keyOfFile } from '../feature-location';
import { type ListedObject, Listing } from '../../../ghost-site/bucket-listing';
import { lookUp, withoutFolderMarkers } from '../listing';
import { inParallel } from '../parallel';
import type { Outcome } from '../report';
import { recordOutcome, type Run, type Step, TRANSFER_RETRIES } from '../run';
import { digestOfObject } from '../same-content';
import { type Transfer, transferFile } from '../transfer';
import { type CopyHeaders, encodingOf, headersOfCopy, type Target, targetOf } from './copied-file';
import { CopyError, copyObject } from './copy-object';
import { KeyOwners } from './key-owners';

/** The old bucket. */
export interface OldBucket {
  bucket: string;
  /** Undefined for the new bucket's region. */
  region?: string;
  /** The prefix of the keys to copy, `blog/`; '' for all keys. */
  prefix: string;
}

/** The parts that all copies of a run share. */
interface Copying {
  run: Run;
  locations: FeatureLocation[];
  /** The old bucket, with the credentials and the endpoint of the new one. */
  old: Bucket;
  oldPrefix: string;
  owners: KeyOwners;
}

/** An old object with the response to its lookup. */
type OldObject = ListedObject & { answer: HeadObjectCommandOutput };

/**
 * Returns the step that copies the objects of an old bucket to the keys that the adapter uses. S3 copies them itself,
 * so nothing is downloaded. Objects of older adapters, whose keys start with the year, become `content/images/…`,
 * `content/media/…` or `content/files/…`.
 *
 * The step throws a Failure for an error that would affect all objects.
 *
 * @throws Failure when the old bucket is the new one
 */
export function copyFromBucket(locations: FeatureLocation[], source: OldBucket): Step {
  const { config } = locations[0] as FeatureLocation;
  if (source.bucket === config.bucket && source.prefix === '') {
    throw new Failure(
      `--from-bucket is ${source.bucket}, which is the new bucket.`,
      'Use the bucket of the old adapter.',
    );
  }
  const old = new Bucket({ ...config, bucket: source.bucket, region: source.region ?? config.region });
  const objects = async function* (run: Run, onMarker: (marker: ListedObject) => void | Promise<void>) {
    const listing = new Listing({ config: old.config, bucket: old }, source.prefix, {
      ...TRANSFER_RETRIES,
      signal: run.stopping.signal,
    });
    for await (const object of withoutFolderMarkers(listing, onMarker)) {
      const { location, relativePath } = targetOf(locations, object.key.slice(source.prefix.length));
      if (!run.settings.skipSizes || !isImageSize(location, relativePath)) {
        yield object;
      }
    }
  };
  return {
    async *count(run) {
      for await (const { bytes } of objects(run, () => {})) {
        yield { files: 1, bytes };
      }
    },
    async transfer(run) {
      run.startCounting();
      const { settings, stopping } = run;
      const copying = { run, locations, old, oldPrefix: source.prefix, owners: new KeyOwners() };
      const passOver = ({ key, bytes }: ListedObject) =>
        recordOutcome(run, { path: key, bytes, result: 'folder-marker' });
      await inParallel(objects(run, passOver), { concurrency: settings.concurrency }, stopping, (object) =>
        copyOne(copying, object),
      );
    },
  };
}

async function copyOne(copying: Copying, { key: oldKey, bytes }: ListedObject): Promise<void> {
  const { run, locations, old, oldPrefix } = copying;
  const { signal } = run.stopping;
  let object: OldObject | undefined;
  try {
    object = await lookUp(old, oldKey, signal);
  } catch (error) {
    if (!signal.aborted) {
      const location = { ...(locations[0] as FeatureLocation), bucket: old, config: old.config };
      const explained = explainOrThrow(error, location, 'HeadObject', oldKey);
      await recordOutcome(run, { path: oldKey, bytes, result: 'failed', error: explained });
    }
    return;
  }
  if (!object) {
    const error = 'it was deleted from the old bucket after it was listed';
    return recordOutcome(run, { path: oldKey, bytes, result: 'failed', error });
  }
  const target = targetOf(locations, oldKey.slice(oldPrefix.length), object.answer.ContentType);
  const path = `${target.location.feature}/${target.relativePath}`;
  let key: string;
  try {
    key = keyOfFile(target.location, target.relativePath);
  } catch (error) {
    return recordOutcome(run, { path, bytes, result: 'refused', error: (error as Error).message });
  }
  const outcome = (await compareWithOwner(copying, object, target, key)) ?? {
    outcome: await transferFile(run, createCopy(copying, object, target, key)),
  };
  if (outcome.outcome) {
    await recordOutcome(run, { path, key, bytes: object.bytes, ...outcome.outcome });
  }
}

/**
 * Checks whether another old object already has the same new key.
 *
 * @returns undefined when there is none; otherwise an outcome, which is undefined when the run was stopped
 */
async function compareWithOwner(
  { run, old, oldPrefix, owners }: Copying,
  object: OldObject,
  { location }: Target,
  key: string,
): Promise<{ outcome?: Outcome } | undefined> {
  const { signal } = run.stopping;
  const relativePath = key.slice(location.keyPrefix.length);
  const usual = [relativePath, `content/${location.feature}/${relativePath}`].map((path) => oldPrefix + path);
  const owner = owners.claim(key, object.key, usual);
  if (owner === object.key) {
    return undefined;
  }
  try {
    const other = await lookUp(old, owner, signal);
    const isSame = other && (await haveSameBytes({ bucket: old, object }, { bucket: old, object: other }, signal));
    return isSame && encodingOf(other.answer) === encodingOf(object.answer)
      ? { outcome: { result: 'present' } }
      : {
          outcome: {
            result: 'conflict',
            error: `"${owner}" and "${object.key}" of the old bucket have the same key in the new one`,
          },
        };
  } catch (error) {
    return signal.aborted
      ? {}
      : { outcome: { result: 'failed', error: explainOrThrow(error, location, 'GetObject', object.key) } };
  }
}

function createCopy(copying: Copying, object: OldObject, target: Target, key: string): Transfer {
  const { run, old } = copying;
  const { location } = target;
  const { bucket } = location;
  const { signal } = run.stopping;
  const headers = headersOfCopy(target, object.answer);
  const retries = { ...TRANSFER_RETRIES, signal };
  let isWritten = false;
  const hasSameBytes = (there: ListedObject) =>
    haveSameBytes({ bucket: old, object }, { bucket, object: there }, signal);
  return {
    result: 'copied',
    async compare() {
      const there = await lookUp(bucket, key, signal);
      if (!there) {
        return 'absent';
      }
      if (!(await hasSameBytes(there))) {
        return 'different';
      }
      if (encodingOf(there.answer) === headers.ContentEncoding) {
        return 'same';
      }
      const [is, was] = [encodingOf(there.answer), headers.ContentEncoding].map((encoding) => encoding ?? 'none');
      const error = `the bucket has the same bytes with another Content-Encoding: ${is} instead of ${was}`;
      return run.settings.overwrite ? 'different' : { result: 'conflict', error };
    },
    async write(isNew) {
      const copy = (options: object) =>
        copyObject({ from: old, source: object, to: bucket, key, headers, signal }, options);
      isWritten = true;
      if (!isNew) {
        await retry(() => copy({}), retries);
        invalidationsFor(location.config)?.overwritten(location.keys.toUrl(key));
        return true;
      }
      // A copy sends no bytes.
      const content = { size: 0, headers, write: (_key: string, options: object) => copy(options) };
      return (await storeIfFree(bucket, key, content, { known: 'new', retries })) === 'stored';
    },
    async verify() {
      const there = await lookUp(bucket, key, signal);
      if (!there || !hasHeaders(there.answer, headers, isWritten)) {
        return false;
      }
      const [one, other] = [await digestOfObject(location, key, signal), await digestOf(old, object.key, signal)];
      return one === other;
    },
    explain: (error) => explainCopyOrThrow(error, location, key, old),
    errors: {
      conflict: 'the bucket has a different object with this key',
      damaged: 'the copy has different bytes or headers',
    },
  };
}

/** Returns whether an object has the headers of the copy. One that existed before may have another type and name. */
function hasHeaders(there: HeadObjectCommandOutput, headers: CopyHeaders, isWritten: boolean): boolean {
  const isKept = (name: 'ContentType' | 'ContentDisposition') => (there[name] || undefined) === headers[name];
  return (
    encodingOf(there) === headers.ContentEncoding &&
    (!isWritten || (isKept('ContentType') && isKept('ContentDisposition')))
  );
}

interface Located {
  bucket: Bucket;
  object: ListedObject;
}

/** Returns whether two objects have the same bytes. Comparing the ETags is usually enough. */
async function haveSameBytes(one: Located, other: Located, signal: AbortSignal): Promise<boolean> {
  if (one.object.bytes !== other.object.bytes) {
    return false;
  }
  if (one.object.etag !== '' && one.object.etag === other.object.etag) {
    return true;
  }
  const digests = await Promise.all([one, other].map(({ bucket, object }) => digestOf(bucket, object.key, signal)));
  return digests[0] === digests[1];
}

const digestOf = (bucket: Bucket, key: string, signal: AbortSignal) => digestOfObject({ bucket }, key, signal);

/**
 * Explains like `explainOrThrow`, and mentions the old bucket, because S3 does not say which bucket it denied access
 * to.
 */
function explainCopyOrThrow(error: unknown, location: FeatureLocation, key: string, old: Bucket): string {
  if (error instanceof CopyError) {
    return error.message;
  }
  if (codeOf(error) === 'InvalidObjectState') {
    return 'the old object is archived. Restore it first';
  }
  try {
    return explainOrThrow(error, location, 'PutObject', key);
  } catch (failure) {
    const { message, cure } = failure as Failure;
    throw new Failure(message, `${cure}\nA copy also needs s3:GetObject on the objects of "${old.config.bucket}".`, {
      cause: failure,
    });
  }
}
