import type { Config } from '../core/config';
import { compareKeys } from '../core/key-order';
import { retry, type RetryOptions } from '../core/retry';
import type { Bucket } from '../core/s3/bucket';
import { type ListedObject, type ListedPage, listPage, type PageRequest } from '../core/s3/list-page';
import { knownService } from '../core/s3/service';
import { Failure } from '../shell/failure';
import { asFailure } from './adapter-failure';

export type { ListedObject };

/**
 * How many pages in a row may contain nothing new. Services that skip objects that the user cannot see return empty
 * pages.
 */
const MAX_IDLE_PAGES = 3;

/** A bucket, and the configuration of its service. */
export interface ListedLocation {
  bucket: Bucket;
  config: Config;
}

/** Comes after every other character in the order of keys. */
const GREATEST_CHARACTER = '\u{10ffff}';

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
   * Returns the request for the page after this one, or undefined when it is the last. A token that is missing or was
   * used before is useless: the listing then continues after its last key, which is possible only in order.
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
 * The objects below a prefix, each once. The next page is requested while the caller works on the objects of this one,
 * and each page has its own retries; the SDK's paginator does neither, and follows a repeated token forever.
 */
export class Listing implements AsyncIterable<ListedObject> {
  private readonly state = new ListingState();
  /** Whether the service has listed everything. */
  private isComplete = false;

  /**
   * @param retries how each page is requested again; its signal aborts requests
   * @param leftOut the start of keys to skip: AWS lists only some of them, other services may list all
   */
  constructor(
    private readonly location: ListedLocation,
    private readonly prefix: string,
    private readonly retries: RetryOptions,
    private readonly leftOut?: string,
  ) {}

  /**
   * Whether an object that should have been listed by now does not exist. AWS lists in the order of the keys; with
   * other services, this is known only at the end.
   */
  get isReliable(): boolean {
    return this.state.isOrdered && (this.isComplete || knownService(this.location.config).isAws);
  }

  /** Whether all keys so far came in the order of their bytes. */
  get isOrdered(): boolean {
    return this.state.isOrdered;
  }

  /**
   * Lists the objects in the order of the service.
   *
   * @throws Failure when the service refuses, when its response is not a listing, and when its listing would never end
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ListedObject, void> {
    let request: PageRequest | undefined = { prefix: this.prefix };
    let coming = this.request(request);
    while (request) {
      const page: ListedPage = await coming;
      const objects = this.state.add(page, request);
      request = this.beyondLeftOut(this.state.next(page, this.location, this.prefix));
      this.isComplete = request === undefined;
      if (request) {
        coming = this.request(request);
        // The caller may stop before it gets this page.
        coming.catch(() => {});
      }
      // Services that do not support the parameter list everything.
      yield* objects.filter(({ key }) => key.startsWith(this.prefix));
    }
  }

  /** Continues after the keys to skip, once the listing has reached them. */
  private beyondLeftOut(request: PageRequest | undefined): PageRequest | undefined {
    const { leftOut, location, state } = this;
    const isThere = leftOut !== undefined && state.isOrdered && state.last?.startsWith(leftOut);
    // Other services may ignore the parameter, and start again.
    return request && isThere && knownService(location.config).isAws
      ? { prefix: this.prefix, startAfter: `${leftOut}${GREATEST_CHARACTER}` }
      : request;
  }

  private async request(page: PageRequest): Promise<ListedPage> {
    const { location, retries } = this;
    const { signal } = retries;
    try {
      return await retry(() => listPage(location.config, page, signal), retries);
    } catch (error) {
      throw signal?.aborted ? error : asFailure(location.bucket.explain(error, 'ListObjectsV2', page.prefix));
    }
  }
}

function endless(config: Config, prefix: string): Failure {
  return new Failure(
    `${knownService(config).endpoint ?? 'S3'} returns an endless list of the objects below "${prefix}" in the bucket "${config.bucket}": it says that there are more, and repeats the same ones.`,
    'This is a bug in that service (ListObjectsV2, NextContinuationToken). Report it there. Listing the objects changed nothing.',
  );
}
