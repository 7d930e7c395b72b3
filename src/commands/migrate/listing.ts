import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { retry } from '../../core/retry';
import type { Bucket } from '../../core/s3/bucket';
import { isNotFound } from '../../core/s3/errors';
import { compareKeys } from '../../core/key-order';
import type { ListedObject, Listing } from '../../ghost-site/bucket-listing';
import { TRANSFER_RETRIES } from './run';

/** Names of the objects that represent folders in Hadoop and in the consoles of several S3 services. */
const MARKER_NAME = /(\/|_\$folder\$)$/;

/** A folder for uploads in Ghost: `2026`, `2026/11`. */
const DATE_FOLDER = /(^|\/)\d{4}(\/\d{2})?$/;

/**
 * Leaves out the empty objects that represent folders. S3's console and other programs create them, and on the disk, a
 * file with that name would be in the way of the folder.
 *
 * @param onMarker called with each of these objects
 */
export async function* withoutFolderMarkers(
  listing: Pick<Listing, 'isOrdered'> & AsyncIterable<ListedObject>,
  onMarker: (marker: ListedObject) => void | Promise<void>,
): AsyncGenerator<ListedObject, void> {
  // Empty objects that represent a folder if the listing continues with an object in it.
  let pending: ListedObject[] = [];
  for await (const object of listing) {
    const markers = pending.filter(({ key }) => object.key.startsWith(`${key}/`));
    // "0" follows the slash, so nothing below the key comes after it.
    const isPassed = ({ key }: ListedObject) => listing.isOrdered && compareKeys(object.key, `${key}0`) >= 0;
    const files = pending.filter((candidate) => isPassed(candidate) && !markers.includes(candidate));
    pending = pending.filter((candidate) => !markers.includes(candidate) && !files.includes(candidate));
    for (const marker of markers) {
      await onMarker(marker);
    }
    yield* files;
    if (object.bytes === 0 && (MARKER_NAME.test(object.key) || DATE_FOLDER.test(object.key))) {
      await onMarker(object);
    } else if (object.bytes === 0) {
      pending.push(object);
    } else {
      yield object;
    }
  }
  yield* pending;
}

/**
 * Returns a single object in the form of a listing.
 *
 * @throws the error with the adapter's explanation
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
export async function lookUp(
  bucket: Bucket,
  key: string,
  signal: AbortSignal,
): Promise<(ListedObject & { answer: HeadObjectCommandOutput }) | undefined> {
  try {
    const answer = await retry(() => bucket.head(key, {}, signal), { ...TRANSFER_RETRIES, signal });
    const { ContentLength = 0, ETag = '', LastModified } = answer;
    return { key, bytes: ContentLength, etag: ETag.replaceAll('"', ''), lastModified: LastModified, answer };
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw signal.aborted ? error : bucket.explain(error, 'HeadObject', key);
  }
}

/** Finds keys in a listing, with at most two of its pages in memory. */
export class ListingCursor {
  private next?: IteratorResult<ListedObject, void>;
  private readonly objects: AsyncIterator<ListedObject, void>;

  constructor(private readonly listing: Listing) {
    this.objects = listing[Symbol.asyncIterator]();
  }

  /** Reads the first page, so that a service without listings fails even if there is nothing to find. */
  async open(): Promise<void> {
    this.next ??= await this.objects.next();
  }

  /**
   * Passes over the objects in front of a key.
   *
   * @param key must come after the keys of all previous calls, in byte order; undefined for all the rest
   */
  async *before(key?: string): AsyncGenerator<ListedObject> {
    await this.open();
    while (this.next && !this.next.done && (key === undefined || compareKeys(this.next.value.key, key) < 0)) {
      yield this.next.value;
      this.next = await this.objects.next();
    }
  }

  /**
   * Returns the object with a key and passes over it, after `before` has passed over those in front of it.
   *
   * @returns undefined when the object does not exist, and `unknown` when the listing is not reliable enough to tell
   */
  async take(key: string): Promise<ListedObject | 'unknown' | undefined> {
    const { next } = this;
    if (next && !next.done && next.value.key === key) {
      this.next = await this.objects.next();
      return next.value;
    }
    return this.listing.isReliable ? undefined : 'unknown';
  }
}
