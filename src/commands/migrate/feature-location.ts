import path from 'node:path';
import type { AdapterConfigs } from '../../ghost-site/adapter-config';
import { type Feature, FEATURES } from '../../core/features';
import type { Config } from '../../core/config';
import { encodePath, ObjectKeys } from '../../core/object-keys';
import { Bucket } from '../../core/s3/bucket';
import { randomUUID } from 'node:crypto';
import { contentDispositionOf, contentHeaders, type ContentHeaders } from '../../core/content-headers';
import { contentEncodingOf, contentTypeOf, contentTypeOfRaw } from '../../core/content-types';

/** The location of a feature's files in the bucket. */
export interface FeatureLocation {
  feature: Feature;
  config: Config;
  bucket: Bucket;
  keys: ObjectKeys;
  /** The prefix of the feature's keys, `content/images/`. */
  keyPrefix: string;
}

/** The folder of image sizes in the images folder. */
const SIZES_PREFIX = 'size/';

/** Returns the locations of images, media and files, in this order. */
export function locationsOf(configs: AdapterConfigs): FeatureLocation[] {
  return FEATURES.map((feature) => {
    const config = configs[feature];
    const keys = new ObjectKeys(config);
    return {
      feature,
      config,
      bucket: new Bucket(config),
      keys,
      keyPrefix: `${keys.keyOf('')}/`,
    };
  });
}

/**
 * Returns the key at which Ghost and the CDN expect a file.
 *
 * @param relativePath path in the feature's folder, not encoded: `2026/11/photo.jpg`
 * @throws IncorrectUsageError when the adapter refuses the name
 */
export const keyOfFile = ({ keys }: FeatureLocation, relativePath: string): string =>
  keys.toKeyOfRequest(encodePath(relativePath));

/** Returns whether a path belongs to an image size, which Ghost can create again. */
export const isImageSize = ({ feature }: FeatureLocation, relativePath: string): boolean =>
  feature === 'images' && relativePath.startsWith(SIZES_PREFIX);

/**
 * Returns the headers that the adapter would store with an upload from Ghost's editor.
 *
 * @param known content type and original name if they differ from the path's, and the first bytes of the file
 */
export function headersOf(
  location: FeatureLocation,
  relativePath: string,
  known: { type?: string; name?: string; start?: Uint8Array } = {},
): ContentHeaders {
  const { config } = location;
  const prefix = config.staticFileURLPrefix;
  const typeByPath = () =>
    isImageSize(location, relativePath)
      ? contentTypeOfRaw(relativePath, prefix, known.start)
      : contentTypeOf(relativePath, prefix, undefined, known.start);
  const type = known.type ?? typeByPath();
  const name = known.name ?? path.posix.basename(relativePath);
  return contentHeaders(config, randomUUID(), type, {
    disposition: contentDispositionOf(name, prefix),
    encoding: contentEncodingOf(relativePath, type, known.start),
  });
}
