import type { ContentHeaders } from '../content-headers';
import { retry, type RetryOptions } from '../retry';
import type { Bucket, WriteOptions } from './bucket';
import {
  conditionalWritesOf,
  hasConditionalWrites,
  learnFromStored,
  rememberNotImplemented,
} from './conditional-writes';
import { isNotFound, isNotImplemented, isRepeatedAfterSuccess, isTaken, TakenError } from './errors';

/** The size (bytes) from which the key is looked up first, so that a large file is not sent just to be refused. */
const MIN_BYTES_TO_ASK_FIRST = 1024 * 1024;

/** Keys (with endpoint and bucket) that this process is writing to. */
const beingWritten = new Set<string>();

/** What to store, and how to send it. */
export interface Content {
  /** In bytes. */
  size: number;
  /** Their upload ID distinguishes this upload from all others when a response was lost. */
  headers: ContentHeaders;
  /** The content, when it is in memory and sent in one request. */
  bytes?: Uint8Array;
  /** Sends the content. It rejects with the SDK's error. */
  write(key: string, options: WriteOptions): Promise<unknown>;
}

/** How to store something. */
export interface StoreOptions {
  /**
   * What the caller knows about the key: `unknown` when it may be taken, `listed` when a listing of the bucket did not
   * contain it, `new` when it was found to be free just now or is random.
   */
  known: 'unknown' | 'listed' | 'new';
  /** How failed writes are repeated on top of the SDK's own retries. */
  retries?: RetryOptions;
}

/**
 * - `stored`: the object is this content.
 * - `taken`: the key belongs to another object, which is unchanged.
 * - `contested`: the same, but another upload took the key after it was found to be free.
 */
export type Outcome = 'stored' | 'taken' | 'contested';

/**
 * Stores content under a key only if the key is free.
 *
 * Only S3 can tell: several programs may write to one bucket, so a write that S3 refuses when the key exists
 * (`If-None-Match: *`) keeps one upload from replacing another. Where a service has no such writes, the key is looked
 * up first. The same goes for services other than AWS until they have shown that they keep the condition.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 *
 * @throws the error of `content.write`, or a Ghost error when the lookup of the key fails
 */
export async function storeIfFree(
  bucket: Bucket,
  key: string,
  content: Content,
  { known, retries }: StoreOptions,
): Promise<Outcome> {
  const identity = `${bucket.identity} ${key}`;
  // Two uploads of one process never depend on the service to keep them from replacing each other.
  if (beingWritten.has(identity)) {
    return 'taken';
  }
  beingWritten.add(identity);
  try {
    // Some services silently ignore the condition of a write: a lookup at least protects existing objects.
    const { isAws } = await bucket.service();
    const isTrusted = (isAws || conditionalWritesOf(bucket) === 'kept') && content.size < MIN_BYTES_TO_ASK_FIRST;
    const asksFirst = (known === 'unknown' && !isTrusted) || (known !== 'new' && !hasConditionalWrites(bucket));
    if (asksFirst && (await bucket.exists(key))) {
      return 'taken';
    }
    const isFoundFree = asksFirst || known === 'new';
    const onlyIfFree = conditionalWritesOf(bucket) !== 'not-implemented';
    let outcome = await write(bucket, key, content, { onlyIfFree }, retries);
    if (outcome === 'not-implemented') {
      if (!isFoundFree && (await bucket.exists(key))) {
        return 'taken';
      }
      outcome = await write(bucket, key, content, {}, retries);
      // Only the success of this write shows that the service refused the condition and not all writes.
      rememberNotImplemented(bucket);
      return outcome === 'stored' ? outcome : 'contested';
    }
    if (outcome === 'stored' && onlyIfFree && content.bytes && !isAws) {
      await learnFromStored(bucket, key, content.bytes, content.headers);
    }
    return outcome === 'taken' && isFoundFree ? 'contested' : outcome;
  } finally {
    beingWritten.delete(identity);
  }
}

/**
 * Replaces an object only if it is still the same one, so that no upload of another program is lost.
 *
 * S3 refuses the write otherwise (`If-Match`). Services other than AWS may silently ignore the condition, not implement it,
 * or not recognize their own ETag, so with them each attempt looks the object up right before it is written.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 *
 * @param etag of the object to replace, without quotation marks; '' when the service sends none
 * @returns false when the key has no object or another one
 * @throws the error of `content.write`, or a Ghost error when the lookup of the key fails
 */
export async function replaceIfSame(
  bucket: Bucket,
  key: string,
  etag: string,
  content: Content,
  retries?: RetryOptions,
): Promise<boolean> {
  const isStillSame = async () => (await bucket.etagOf(key)) === etag;
  const { isAws } = await bucket.service();
  const lastCheck = async () => {
    if (!(await isStillSame())) {
      throw new TakenError(key);
    }
  };
  const check: WriteOptions = isAws ? {} : { lastCheck };
  const options: WriteOptions = etag === '' ? check : { ...check, onlyIfEtag: etag };
  if ((await write(bucket, key, content, options, retries)) === 'stored') {
    return true;
  }
  // AWS also refuses a write when another request for the key is under way.
  return (await isStillSame()) && (await write(bucket, key, content, isAws ? options : check, retries)) === 'stored';
}

async function write(
  bucket: Bucket,
  key: string,
  content: Content,
  options: WriteOptions,
  retries: RetryOptions = { pausesMs: [0] },
): Promise<'stored' | 'taken' | 'not-implemented'> {
  let attempts = 0;
  try {
    await retry(() => {
      attempts += 1;
      return content.write(key, options);
    }, retries);
    return 'stored';
  } catch (error) {
    // The key may be taken by this same upload, when the response to an earlier attempt was lost.
    const isRepeated = isRepeatedAfterSuccess(error) || (attempts > 1 && isTaken(error));
    if (isRepeated && (await bucket.isOfUpload(key, content.headers))) {
      return 'stored';
    }
    if (isTaken(error) || (options.onlyIfEtag !== undefined && isNotFound(error))) {
      return 'taken';
    }
    if ((options.onlyIfFree || options.onlyIfEtag !== undefined) && isNotImplemented(error)) {
      return 'not-implemented';
    }
    throw error;
  }
}
