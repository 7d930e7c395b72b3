import path from 'node:path';
import type { Config } from './config';

/** The kinds of files that Ghost stores with a storage adapter. */
export const FEATURES = ['images', 'media', 'files'] as const;

export type Feature = (typeof FEATURES)[number];

/** The adapter's name in Ghost's configuration, which is also the name of its folder. */
export const ADAPTER = 'S3CloudFrontStorage';

/** The name of each feature's URL in Ghost's `urls`. */
export const URL_NAMES: Record<Feature, string> = { images: 'image', media: 'media', files: 'files' };

/** Returns the value for Ghost's `urls`: the URL in front of the content path, which Ghost appends. */
export function ghostUrlOf({ cdnUrl, tenantPrefix }: Pick<Config, 'cdnUrl' | 'tenantPrefix'>): string {
  return tenantPrefix ? `${cdnUrl}/${tenantPrefix}` : cdnUrl;
}

/** Returns whether a prefix belongs to a feature: `content/files` to files. */
export function isFor(feature: Feature, staticFileURLPrefix: string): boolean {
  return path.posix.basename(staticFileURLPrefix) === feature;
}

/** The folder below `content/images` in which a self-hosted ActivityPub server stores its files itself. */
const ACTIVITYPUB = 'activitypub/';

/**
 * Returns whether a file is never in the bucket, because another program stores it in Ghost's content folder and Ghost
 * serves it from there.
 *
 * @param relativePath below the feature's folder, with a slash at the end of a folder: `activitypub/images/x.jpg`
 * @see https://github.com/TryGhost/ActivityPub/blob/main/docs/env-vars.md `LOCAL_STORAGE_PATH`
 */
export function isServedFromDisk(feature: Feature, relativePath: string): boolean {
  return feature === 'images' && relativePath.startsWith(ACTIVITYPUB);
}

/** The path of an original. The bucket policy of the template has the same pattern: `????/??/*_o.???` and `….????`. */
const ORIGINAL = /^.{4}\/.{2}\/.*_o\..{3,4}$/s;

/**
 * Returns whether a file is the original of an image, `2026/11/photo_o.jpg`: the upload as it came from the camera. Ghost
 * stores it next to the image, reads it to create sizes, and never links it. No other upload has such a name, because
 * the adapter removes the `_o` from it.
 *
 * @param relativePath below `content/images`
 * @see https://github.com/TryGhost/Ghost/blob/main/ghost/core/core/server/api/endpoints/images.js
 */
export function isOriginal(relativePath: string): boolean {
  return ORIGINAL.test(relativePath);
}
