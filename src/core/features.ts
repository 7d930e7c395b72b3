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

/** Returns whether a prefix is that of a feature: `content/files` of files. */
export function isFor(feature: Feature, staticFileURLPrefix: string): boolean {
  return path.posix.basename(staticFileURLPrefix) === feature;
}
