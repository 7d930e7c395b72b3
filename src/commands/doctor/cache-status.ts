import type { Answer } from './network';

/** The cache headers of CloudFront, Fastly and KeyCDN, of Cloudflare, and of nginx as commonly configured. */
const NAMES = ['x-cache', 'cf-cache-status', 'x-cache-status', 'x-proxy-cache'];

/** Returns the cache status that a CDN sends: `Hit from cloudfront`; undefined when it sends none. */
export const cacheStatusOf = (headers: Answer['headers']): string | undefined =>
  NAMES.map((name) => headers[name]?.toString()).find((value) => value !== undefined);
