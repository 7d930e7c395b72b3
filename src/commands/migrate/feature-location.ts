import path from 'node:path';
import type { AdapterConfigs } from '../../ghost-site/adapter-config';
import { type Feature, FEATURES } from '../../core/features';
import type { Config } from '../../core/config';
import { encodePath, ObjectKeys } from '../../core/object-keys';
import { Bucket } from '../../core/s3/bucket';
import { randomUUID } from 'node:crypto';
import {
  contentDispositionOf,
  contentHeaders,
  type ContentHeaders,
  contentTypeOf,
  contentTypeOfRaw,
} from '../../core/content-headers';

/** Where the files of a feature are: its folder on the disk, its keys in the bucket. */
export interface FeatureLocation {
  feature: Feature;
  /** `/var/www/ghost/content/images` */
  folder: string;
  config: Config;
  bucket: Bucket;
  keys: ObjectKeys;
  /** What the feature's keys begin with, `content/images/`. */
  keyPrefix: string;
}

/** Where sizes of pictures are, below the folder of images and their prefix. */
export const SIZES_PREFIX = 'size/';

/** The locations of images, media and files, in this order. */
export function locationsOf(contentPath: string, configs: AdapterConfigs): FeatureLocation[] {
  return FEATURES.map((feature) => {
    const config = configs[feature];
    const keys = new ObjectKeys(config);
    return {
      feature,
      folder: path.join(contentPath, feature),
      config,
      bucket: new Bucket(config),
      keys,
      keyPrefix: `${keys.keyOf('')}/`,
    };
  });
}

/**
 * The key that a request for a file reaches: what Ghost and the CDN will ask for.
 *
 * @param relativePath below the feature's folder, `2026/11/photo.jpg`; nothing in it is encoded
 * @throws IncorrectUsageError for a name that the adapter refuses
 */
export const keyOfFile = ({ keys }: FeatureLocation, relativePath: string): string =>
  keys.toKeyOfRequest(encodePath(relativePath));

/** Orders keys by their bytes, as S3 lists them. JavaScript's own order differs beyond the basic plane alone. */
export function compareKeys(one: string, other: string): number {
  if (HALF_CHARACTER.test(one) || HALF_CHARACTER.test(other)) {
    return Buffer.compare(Buffer.from(one), Buffer.from(other));
  }
  return one < other ? -1 : Number(one > other);
}

const HALF_CHARACTER = /[\ud800-\udfff]/;

/** Whether a path belongs to a size of a picture, which Ghost can make again. */
export const isImageSize = ({ feature }: FeatureLocation, relativePath: string): boolean =>
  feature === 'images' && relativePath.startsWith(SIZES_PREFIX);

/** The headers that the adapter would store a file with, had it been uploaded in Ghost's editor. */
export function headersOf(location: FeatureLocation, relativePath: string): ContentHeaders {
  const { config } = location;
  const prefix = config.staticFileURLPrefix;
  const type = isImageSize(location, relativePath)
    ? contentTypeOfRaw(relativePath, prefix)
    : contentTypeOf(relativePath, prefix);
  return contentHeaders(config, randomUUID(), type, contentDispositionOf(path.posix.basename(relativePath), prefix));
}
