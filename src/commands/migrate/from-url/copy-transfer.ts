import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { invalidationsFor } from '../../../core/invalidation';
import type { Edit } from '../../../core/location/source';
import { hidesLocation } from '../../../core/location/without-location';
import { retry } from '../../../core/retry';
import type { Bucket, WriteOptions } from '../../../core/s3/bucket';
import { codeOf } from '../../../core/s3/errors';
import { type Content, replaceIfSame, storeIfFree } from '../../../core/s3/store';
import type { ListedObject } from '../../../ghost-site/bucket-listing';
import { ObjectChanged, storedFile } from '../../../ghost-site/stored-file';
import { Failure } from '../../../shell/failure';
import { explainOrThrow } from '../errors';
import type { FeatureLocation } from '../feature-location';
import { lookUp } from '../listing';
import type { Outcome } from '../report';
import { type Run, TRANSFER_RETRIES } from '../run';
import { digestOfObject } from '../same-content';
import { contentWithout, findStoredLocation } from '../strip-stored';
import type { Transfer } from '../transfer';
import { type CopyHeaders, encodingOf, headersOfCopy, type Target } from './copied-file';
import { CopyError, copyObject } from './copy-object';
import type { KeyOwners } from './key-owners';

/** The parts that all copies of a run share. */
export interface Copying {
  run: Run;
  locations: FeatureLocation[];
  /** The old bucket, with the credentials and the endpoint of the new one. */
  old: Bucket;
  oldPrefix: string;
  owners: KeyOwners;
}

/** An old object with the response to its lookup. */
export type OldObject = ListedObject & { answer: HeadObjectCommandOutput };

/**
 * Returns the steps for copying an object to its new key. S3 copies it, but an image that is to be stored without its
 * location is downloaded and uploaded.
 */
export function createCopy({ run, old }: Copying, object: OldObject, target: Target, key: string): Transfer {
  const { location, relativePath } = target;
  const { bucket } = location;
  const { signal } = run.stopping;
  const headers = headersOfCopy(target, object.answer);
  const retries = { ...TRANSFER_RETRIES, signal };
  const image = storedFile(old, object, retries);
  const mayHide = object.bytes > 0 && hidesLocation(location.config, relativePath);
  /** The change to the old object that the new one has, or will have. */
  let edits: readonly Edit[] = [];
  let there: Awaited<ReturnType<typeof lookUp>>;
  let isWritten = false;
  const copy = (options: WriteOptions) =>
    copyObject({ from: old, source: object, to: bucket, key, headers, signal }, options);
  const contentOf = (): Content =>
    edits.length > 0
      ? contentWithout(run, location, { image, edits, headers })
      : // A copy sends no bytes.
        { size: 0, headers, write: (_key, options) => copy(options) };
  const hasBytesWithout = async (changes: readonly Edit[]) =>
    changes.length > 0 && (await digestOf(bucket, key, signal)) === (await digestOf(old, object.key, signal, changes));
  return {
    result: 'copied',
    get withoutLocation() {
      return edits.length > 0;
    },
    async compare() {
      edits = run.settings.stripLocation && mayHide ? await findStoredLocation(image) : [];
      there = await lookUp(bucket, key, signal);
      if (!there) {
        return 'absent';
      }
      if (await haveSameBytes({ bucket: old, object }, { bucket, object: there }, signal)) {
        return edits.length > 0 ? 'with-location' : compareEncodings(run, there.answer, headers);
      }
      if (!mayHide || there.bytes !== object.bytes) {
        return 'different';
      }
      const changes = edits.length > 0 ? edits : await findStoredLocation(image);
      if (!(await hasBytesWithout(changes))) {
        return 'different';
      }
      edits = changes;
      return { result: 'present', withoutLocation: true };
    },
    async write(isNew) {
      isWritten = true;
      if (!isNew) {
        await retry(() => contentOf().write(key, {}), retries);
        invalidationsFor(location.config)?.overwritten(location.keys.toUrl(key));
        return true;
      }
      return (await storeIfFree(bucket, key, contentOf(), { known: 'new', retries })) === 'stored';
    },
    async strip() {
      isWritten = await replaceIfSame(bucket, key, there?.etag ?? '', contentOf(), retries);
      if (isWritten) {
        run.stripped.add(location);
      }
      return isWritten;
    },
    async verify() {
      const found = await lookUp(bucket, key, signal);
      if (!found || !hasHeaders(found.answer, headers, isWritten)) {
        return false;
      }
      const [one, other] = [
        await digestOfObject(location, key, signal),
        await digestOf(old, object.key, signal, edits),
      ];
      return one === other;
    },
    explain: (error) =>
      error instanceof ObjectChanged
        ? 'another program replaced the old object while it was read'
        : explainCopyOrThrow(error, location, key, old),
    errors: {
      conflict: 'the bucket has a different object with this key',
      damaged: 'the copy has different bytes or headers',
    },
  };
}

/** Compares the headers of an object that has the same bytes as the old one. */
function compareEncodings(
  { settings }: Run,
  there: HeadObjectCommandOutput,
  headers: CopyHeaders,
): 'same' | 'different' | Outcome {
  if (encodingOf(there) === headers.ContentEncoding) {
    return 'same';
  }
  const [is, was] = [encodingOf(there), headers.ContentEncoding].map((encoding) => encoding ?? 'none');
  const error = `the bucket has the same bytes with another Content-Encoding: ${is} instead of ${was}`;
  return settings.overwrite ? 'different' : { result: 'conflict', error };
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
export async function haveSameBytes(one: Located, other: Located, signal: AbortSignal): Promise<boolean> {
  if (one.object.bytes !== other.object.bytes) {
    return false;
  }
  if (one.object.etag !== '' && one.object.etag === other.object.etag) {
    return true;
  }
  const digests = await Promise.all([one, other].map(({ bucket, object }) => digestOf(bucket, object.key, signal)));
  return digests[0] === digests[1];
}

const digestOf = (bucket: Bucket, key: string, signal: AbortSignal, edits?: readonly Edit[]) =>
  digestOfObject({ bucket }, key, signal, { edits });

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
