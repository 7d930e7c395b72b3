import { hidesLocation } from '../../core/location/without-location';
import type { ListedObject } from '../../ghost-site/bucket-listing';
import type { FeatureLocation } from './feature-location';
import { type LocalContent, withoutLocation } from './local-content';
import { findSameContent } from './same-content';

/** A file on the disk, and the object that may be a copy of it. */
export interface Pair {
  /** Path in the feature's folder. */
  path: string;
  local: LocalContent;
  /** The file without its location, if that is known. */
  stripped?: LocalContent;
  object: Pick<ListedObject, 'key' | 'bytes' | 'etag'>;
}

/**
 * Compares a file on the disk with an object in the bucket. The adapter and `migrate --strip-location` store images
 * without their location, so such an object is a copy of the file, too.
 *
 * @returns the content of the file that the object has, which is `local` or the file without its location; undefined
 *   when the object has other content
 * @throws the SDK's error, or the disk's when the file cannot be read
 */
export async function findCopy(
  location: FeatureLocation,
  { path, local, stripped, object }: Pair,
  signal: AbortSignal,
): Promise<LocalContent | undefined> {
  const found = await findSameContent(location, stripped ? [stripped, local] : [local], object, signal);
  if (found || stripped || object.bytes !== local.bytes || !hidesLocation(location.config, path)) {
    return found;
  }
  const other = await withoutLocation(local);
  return other && findSameContent(location, [other], object, signal);
}
