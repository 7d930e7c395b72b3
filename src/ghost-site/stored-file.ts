import type { FileToRead } from '../core/location/source';
import { retry, type RetryOptions } from '../core/retry';
import type { Bucket } from '../core/s3/bucket';
import type { ListedObject } from './bucket-listing';

/** Thrown when an object was replaced while it was read. */
export class ObjectChanged extends Error {
  override readonly name = 'ObjectChanged';
}

/**
 * Returns an object that can be read at any position, as it was when it was listed.
 *
 * @param object without an ETag, a replacement in the meantime is not noticed
 * @param retries how each request is repeated; its signal aborts them
 * @returns `fill` throws the SDK's error, or an ObjectChanged
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function storedFile(
  bucket: Bucket,
  { key, bytes, etag }: Pick<ListedObject, 'key' | 'bytes'> & { etag?: string },
  retries: RetryOptions,
): FileToRead {
  const fillOnce = async (buffer: Buffer, position: number) => {
    const range = `bytes=${position}-${position + buffer.length - 1}`;
    const { Body, ETag = '', ContentRange } = await bucket.get(key, retries.signal, range);
    if (etag !== undefined && ETag.replaceAll('"', '') !== etag) {
      Body.destroy();
      throw new ObjectChanged(key);
    }
    let at = ContentRange === undefined ? 0 : position;
    for await (const piece of Body as AsyncIterable<Buffer>) {
      piece.subarray(Math.max(0, position - at)).copy(buffer, Math.max(0, at - position));
      at += piece.length;
      if (at >= position + buffer.length) {
        return;
      }
    }
    throw Object.assign(new Error(`"${key}" ends too early`), { code: 'ECONNRESET' });
  };
  return {
    size: bytes,
    fill: (buffer, position) => retry(() => fillOnce(buffer, position), retries),
  };
}
