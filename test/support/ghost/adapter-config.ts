import type { JsonObject } from './config';

/**
 * Returns the README's configuration: images, media and files in one bucket, all of them on the CDN domain.
 *
 * @param options the adapter's
 * @returns settings for Ghost's configuration file; Ghost 5 ignores `urls`
 */
export function adapterConfig(options: { cdnUrl: string; tenantPrefix?: string } & JsonObject): JsonObject {
  const shownBelow = [options.cdnUrl, options.tenantPrefix].filter(Boolean).join('/');
  return {
    storage: {
      active: 'S3CloudFrontStorage',
      media: { adapter: 'S3CloudFrontStorage', staticFileURLPrefix: 'content/media' },
      files: { adapter: 'S3CloudFrontStorage', staticFileURLPrefix: 'content/files' },
      S3CloudFrontStorage: options,
    },
    urls: { image: shownBelow, media: shownBelow, files: shownBelow },
  };
}
