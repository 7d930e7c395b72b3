import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { type Bucket } from '../../core/s3/bucket';
import { retry } from '../../core/retry';
import { connect } from '../../core/s3/client';
import { TRANSFER_RETRIES } from './run';
import type { Config } from '../../core/config';
import { compareKeys } from './feature-location';
import { asFailure } from './errors';

/** An object as S3 lists it. */
export interface ListedObject {
  key: string;
  bytes: number;
  /** Without its quotes. */
  etag: string;
  lastModified?: Date;
}

/** The objects below a prefix, page by page in the order of their keys. The next page is on its way meanwhile. */
export class Listing {
  constructor(
    private readonly config: Config,
    private readonly bucket: Bucket,
    private readonly prefix: string,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * @throws Failure for what S3 refuses
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
   */
  async *pages(): AsyncGenerator<ListedObject[]> {
    let next: Promise<ListObjectsV2CommandOutput> | undefined = this.page(undefined);
    while (next) {
      const page: ListObjectsV2CommandOutput = await next;
      next = page.IsTruncated ? this.page(page.NextContinuationToken) : undefined;
      // Nobody may wait for it any more.
      next?.catch(() => {});
      yield (page.Contents ?? []).map(({ Key = '', Size = 0, ETag = '', LastModified }) => ({
        key: Key,
        bytes: Size,
        etag: ETag.replaceAll('"', ''),
        lastModified: LastModified,
      }));
    }
  }

  private async page(token: string | undefined): Promise<ListObjectsV2CommandOutput> {
    const { sdk, client } = await connect(this.config);
    const command = () =>
      new sdk.ListObjectsV2Command({ Bucket: this.config.bucket, Prefix: this.prefix, ContinuationToken: token });
    try {
      const page = () => client.send(command(), { abortSignal: this.signal });
      return await retry(page, { ...TRANSFER_RETRIES, signal: this.signal });
    } catch (error) {
      throw this.signal.aborted ? error : asFailure(this.bucket.explain(error, 'ListObjectsV2', this.prefix));
    }
  }
}

/** Looks keys up in a listing, when they are asked for in the listing's own order: no more than two pages are held. */
export class LookUp {
  private readonly pages: AsyncGenerator<ListedObject[]>;
  private page: ListedObject[] = [];
  private index = 0;
  private atEnd = false;

  constructor(listing: Listing) {
    this.pages = listing.pages();
  }

  /** @param key that comes after all that were asked for before */
  async find(key: string): Promise<ListedObject | undefined> {
    for (;;) {
      const object = this.page[this.index];
      if (object) {
        const order = compareKeys(object.key, key);
        if (order >= 0) {
          return order === 0 ? object : undefined;
        }
        this.index += 1;
      } else if (this.atEnd) {
        return undefined;
      } else {
        const next = await this.pages.next();
        this.page = next.done ? [] : next.value;
        this.index = 0;
        this.atEnd = next.done ?? false;
      }
    }
  }
}
