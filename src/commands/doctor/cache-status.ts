import type { Answer } from './network';

/** The cache headers of CloudFront, Fastly and KeyCDN, of Cloudflare, and of nginx as commonly configured. */
const NAMES = ['x-cache', 'cf-cache-status', 'x-cache-status', 'x-proxy-cache'];

/** Returns what a CDN says about its cache: `Hit from cloudfront`; undefined when it says nothing. */
export const cacheStatusOf = (headers: Answer['headers']): string | undefined =>
  NAMES.map((name) => headers[name]?.toString()).find((value) => value !== undefined);
