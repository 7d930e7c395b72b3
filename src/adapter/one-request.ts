import type { ContentHeaders } from '../core/content-headers';
import type { ObjectKeys } from '../core/object-keys';
import type { Bucket } from '../core/s3/bucket';
import type { Content } from '../core/s3/store';
import { hidesLocation, locationRemover } from '../core/location/without-location';

/**
 * Returns an upload in memory that is sent in one request, without the location under each key that visitors can read:
 * an original gets such a key if its own is taken.
 *
 * @param bytes are changed when they are sent without the location
 */
export async function inOneRequest(
  bucket: Bucket,
  keys: ObjectKeys,
  bytes: Uint8Array,
  headers: ContentHeaders,
): Promise<Content> {
  const removeLocation = await locationRemover(bytes);
  return {
    size: bytes.byteLength,
    headers,
    bytes,
    write: (key, options) => {
      if (hidesLocation(bucket.config, keys.pathOf(key))) {
        removeLocation();
      }
      return bucket.put(key, bytes, headers, options);
    },
  };
}
