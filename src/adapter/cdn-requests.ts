import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { FALLBACK_HEADER } from '../core/cdn-contract';
import type { Config } from '../core/config';
import { ghostSetting } from '../core/ghost-host';

/** Returns the function that tells requests that must get the bytes from those that may be redirected to the CDN. */
export function cdnRequestMatcher(config: Config): (request: IncomingMessage) => boolean {
  const { host: cdnHost, protocol } = new URL(config.cdnUrl);
  // When the site is its own CDN, there is nowhere to redirect to.
  if (config.serve !== 'auto' || hostOf(ghostSetting('url')) === cdnHost) {
    return () => config.serve !== 'redirect';
  }
  const isSecret = secretMatcher(config.cdnFallbackSecret);
  return ({ headers }) =>
    isSecret(headers[FALLBACK_HEADER]) ||
    // Any proxy that names itself may be the CDN: sending a file too often is slow, but a redirect loop is broken.
    headers.via !== undefined ||
    headers['cdn-loop'] !== undefined ||
    headers['user-agent'] === 'Amazon CloudFront' ||
    // The request is for the CDN's host name, whichever header the proxy passes it in.
    [headers.host, ...String(headers['x-forwarded-host'] ?? '').split(',')].some(
      (host) => host && hostOf(`${protocol}//${host.trim()}`) === cdnHost,
    );
}

/** @returns the lower-case host name of a URL, with its port unless it is the default; undefined for anything else */
function hostOf(url: unknown): string | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).host : undefined;
}

/** Compares digests of equal length in constant time, so that the response time tells nothing about a guess. */
function secretMatcher(secret: string | undefined): (value: string | string[] | undefined) => boolean {
  if (!secret) {
    return () => false;
  }
  const digest = (value: string) => createHash('sha256').update(value).digest();
  const expected = digest(secret);
  return (value) => typeof value === 'string' && timingSafeEqual(digest(value), expected);
}
