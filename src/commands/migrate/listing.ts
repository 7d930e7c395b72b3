import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { retry } from '../../core/retry';
import { connect } from '../../core/s3/client';
import { asFailure } from './errors';
import { compareKeys, type FeatureLocation } from './feature-location';
import { TRANSFER_RETRIES } from './run';

/** An object as S3 lists it. */
export interface ListedObject {
  key: string;
  bytes: number;
  /** Without its quotes. */
  etag: string;
  lastModified?: Date;
}

/**
 * Lists the objects below a prefix in the order of their keys. The next page is requested while the caller works on the
 * objects of this one, and each page has its own retries; the SDK's paginator does neither.
 *
 * @throws Failure when S3 refuses
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export async function* listObjects(
  { bucket, config }: Pick<FeatureLocation, 'bucket' | 'config'>,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<ListedObject, void> {
  const { sdk, client } = await connect(config);
  const readPage = async (token?: string): Promise<ListObjectsV2CommandOutput> => {
    const input = { Bucket: config.bucket, Prefix: prefix, ContinuationToken: token };
    const request = () => client.send(new sdk.ListObjectsV2Command(input), { abortSignal: signal });
    try {
      return await retry(request, { ...TRANSFER_RETRIES, signal });
    } catch (error) {
      throw signal.aborted ? error : asFailure(bucket.explain(error, 'ListObjectsV2', prefix));
    }
  };
  for (let next: Promise<ListObjectsV2CommandOutput> | undefined = readPage(); next;) {
    const page: ListObjectsV2CommandOutput = await next;
    next = page.IsTruncated ? readPage(page.NextContinuationToken) : undefined;
    // The caller may stop before it gets this page.
    next?.catch(() => {});
    for (const { Key = '', Size = 0, ETag = '', LastModified } of page.Contents ?? []) {
      yield { key: Key, bytes: Size, etag: ETag.replaceAll('"', ''), lastModified: LastModified };
    }
  }
}

/** Whether an object only stands for a folder: S3's console creates empty ones. */
export const isFolderMarker = ({ key, bytes }: ListedObject): boolean => key.endsWith('/') && bytes === 0;

/** Finds keys in a listing without holding more than two of its pages. */
export class ListingCursor {
  private next?: IteratorResult<ListedObject, void>;

  constructor(private readonly objects: AsyncGenerator<ListedObject, void>) {}

  /** @param key comes after all keys that were passed before, in the order of the listing */
  async find(key: string): Promise<ListedObject | undefined> {
    this.next ??= await this.objects.next();
    while (!this.next.done && compareKeys(this.next.value.key, key) < 0) {
      this.next = await this.objects.next();
    }
    return !this.next.done && this.next.value.key === key ? this.next.value : undefined;
  }
}
