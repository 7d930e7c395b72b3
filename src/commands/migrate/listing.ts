import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { retry } from '../../core/retry';
import type { Bucket } from '../../core/s3/bucket';
import { isNotFound } from '../../core/s3/errors';
import { compareKeys } from '../../core/key-order';
import type { ListedObject, Listing } from '../../ghost-site/bucket-listing';
import { TRANSFER_RETRIES } from './run';

/** What the S3 consoles of several services and Hadoop put in the place of a folder. */
const MARKER_NAME = /(\/|_\$folder\$)$/;

/** A folder in which Ghost keeps uploads, without the files in it: `2026`, `2026/11`. */
const DATE_FOLDER = /(^|\/)\d{4}(\/\d{2})?$/;

/**
 * Leaves out the empty objects that represent folders: S3's console and other programs create them, and a file of
 * that name would be in the way of the folder.
 *
 * @param onMarker is called with each
 */
export async function* withoutFolderMarkers(
  listing: Pick<Listing, 'isOrdered'> & AsyncIterable<ListedObject>,
  onMarker: (marker: ListedObject) => void | Promise<void>,
): AsyncGenerator<ListedObject, void> {
  // Objects that are markers if something below them follows.
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
 * Looks up a single object, as a listing would contain it.
 *
 * @throws the adapter's explanation of a refusal
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

/** Finds keys in a listing without holding more than two of its pages. */
export class ListingCursor {
  private next?: IteratorResult<ListedObject, void>;
  private readonly objects: AsyncIterator<ListedObject, void>;

  constructor(private readonly listing: Listing) {
    this.objects = listing[Symbol.asyncIterator]();
  }

  /** Reads the first page, so that a service without listings is noticed even if there is nothing to find. */
  async open(): Promise<void> {
    this.next ??= await this.objects.next();
  }

  /**
   * Finds the object of a key.
   *
   * @param key comes after all keys that were passed before, in the order of their bytes
   * @returns undefined when the listing does not contain it, and `unknown` when that does not show that it does not exist
   */
  async find(key: string): Promise<ListedObject | 'unknown' | undefined> {
    await this.open();
    while (this.next && !this.next.done && compareKeys(this.next.value.key, key) < 0) {
      this.next = await this.objects.next();
    }
    if (this.next && !this.next.done && this.next.value.key === key) {
      return this.next.value;
    }
    return this.listing.isReliable ? undefined : 'unknown';
  }
}
