import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { retry } from '../../core/retry';
import type { Bucket } from '../../core/s3/bucket';
import { isNotFound } from '../../core/s3/errors';
import { knownService } from '../../core/s3/service';
import { type ListedObject, type ListedPage, listPage, type PageRequest } from '../../core/s3/list-page';
import { Failure } from '../../shell/failure';
import { asFailure } from './errors';
import { compareKeys } from '../../core/key-order';
import type { FeatureLocation } from './feature-location';
import { TRANSFER_RETRIES } from './run';

export type { ListedObject };

type ListedLocation = Pick<FeatureLocation, 'bucket' | 'config'>;

/** How many pages in a row may bring nothing new. Services that skip what the reader may not see return empty ones. */
const MAX_IDLE_PAGES = 3;

/** What is known of a listing while it is read. */
class ListingState {
  /** The greatest key so far. */
  last?: string;
  /** Whether all keys so far came in the order of their bytes, as AWS lists them. */
  isOrdered = true;
  private readonly tokens = new Set<string>();
  /** The first keys of all pages: no correct listing contains a key twice. */
  private readonly starts = new Set<string>();
  private idlePages = 0;

  /** Returns the objects of a page that were not listed before. */
  add({ objects }: ListedPage, { startAfter }: PageRequest): ListedObject[] {
    const [first] = objects;
    const isRepeated = first !== undefined && this.starts.has(first.key);
    if (first !== undefined) {
      this.starts.add(first.key);
    }
    const fresh: ListedObject[] = [];
    for (const object of objects) {
      const isBehind = this.last !== undefined && compareKeys(object.key, this.last) <= 0;
      if (!isBehind) {
        this.last = object.key;
        fresh.push(object);
      } else if (object.key !== this.last && startAfter === undefined && !isRepeated) {
        this.isOrdered = false;
        fresh.push(object);
      }
    }
    this.idlePages = fresh.length > 0 ? 0 : this.idlePages + 1;
    return fresh;
  }

  /**
   * Returns the request for the page after this one, or undefined when it is the last. A token that is missing or that was
   * there before leads nowhere: then the listing continues after its last key, which needs an order.
   *
   * @throws Failure when the listing would never end
   */
  next({ isTruncated, nextToken }: ListedPage, { config }: ListedLocation, prefix: string): PageRequest | undefined {
    if (!isTruncated) {
      return undefined;
    }
    const isUsable = nextToken !== undefined && !this.tokens.has(nextToken);
    const canSkip = this.isOrdered && this.last !== undefined;
    if (this.idlePages >= MAX_IDLE_PAGES || (!isUsable && !canSkip)) {
      throw endless(config, prefix);
    }
    if (!isUsable) {
      return { prefix, startAfter: this.last };
    }
    this.tokens.add(nextToken);
    return { prefix, token: nextToken };
  }
}

/**
 * The objects below a prefix, each once. The next page is requested while the caller works on the objects of this one, and
 * each page has its own retries; the SDK's paginator does neither, and follows a token that repeats itself for ever.
 */
export class Listing implements AsyncIterable<ListedObject> {
  private readonly state = new ListingState();
  /** Whether the service has listed everything. */
  private isComplete = false;

  /** @param signal aborts requests */
  constructor(
    private readonly location: ListedLocation,
    private readonly prefix: string,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Whether an object that should have come by now does not exist. AWS lists in the order of the keys; of other services
   * that is only known at the end.
   */
  get isReliable(): boolean {
    return this.state.isOrdered && (this.isComplete || knownService(this.location.config).isAws);
  }

  /** Whether all keys so far came in the order of their bytes. */
  get isOrdered(): boolean {
    return this.state.isOrdered;
  }

  /**
   * Lists the objects, in the order in which the service lists them.
   *
   * @throws Failure when the service refuses, when its response is not a listing, and when its listing would never end
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ListedObject, void> {
    let request: PageRequest | undefined = { prefix: this.prefix };
    let coming = this.request(request);
    while (request) {
      const page: ListedPage = await coming;
      const objects = this.state.add(page, request);
      request = this.state.next(page, this.location, this.prefix);
      this.isComplete = request === undefined;
      if (request) {
        coming = this.request(request);
        // The caller may stop before it gets this page.
        coming.catch(() => {});
      }
      // Services that do not know the parameter list everything.
      yield* objects.filter(({ key }) => key.startsWith(this.prefix));
    }
  }

  private async request(page: PageRequest): Promise<ListedPage> {
    const { location, signal } = this;
    try {
      return await retry(() => listPage(location.config, page, signal), { ...TRANSFER_RETRIES, signal });
    } catch (error) {
      throw signal.aborted ? error : asFailure(location.bucket.explain(error, 'ListObjectsV2', page.prefix));
    }
  }
}

function endless(config: FeatureLocation['config'], prefix: string): Failure {
  return new Failure(
    `${knownService(config).endpoint ?? 'S3'} lists the objects of the bucket "${config.bucket}" below "${prefix}" without an end: it says that there are more, and repeats itself.`,
    'This is a fault of that service (ListObjectsV2, NextContinuationToken): report it there. Nothing was changed by it.',
  );
}

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
