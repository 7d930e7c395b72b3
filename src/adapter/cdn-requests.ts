import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { FALLBACK_HEADER, FORMER_FALLBACK_HEADER } from '../core/cdn-contract';
import type { Config } from '../core/config';
import { ghostSetting } from '../core/ghost-host';

/** How many characters and host names of X-Forwarded-Host are read. A visitor can send thousands. */
const MAX_FORWARDED = { characters: 1024, hosts: 8 };

/**
 * Returns the function that decides whether a request must get the bytes, or may be redirected to the CDN. It removes
 * the secret from the request, since Ghost logs request headers.
 *
 * With a secret, requests from the CDN are recognized by it, or by CloudFront's own headers when a proxy drops the
 * secret. Without one, any proxy that names itself may be the CDN: sending a file too often is slow, but a redirect
 * loop shows nothing.
 */
export function cdnRequestMatcher(config: Config): (request: IncomingMessage) => boolean {
  const { host: cdnHost, protocol } = new URL(config.cdnUrl);
  // When the site is its own CDN, there is nowhere to redirect to.
  const isOwnCdn = hostOf(ghostSetting('url')) === cdnHost;
  const isSecret = secretMatcher(config.cdnFallbackSecret);
  const defaultPort = protocol === 'https:' ? ':443' : ':80';
  const isCdnHost = (host: string | undefined) => host?.trim().toLowerCase().replace(defaultPort, '') === cdnHost;
  return (request) => {
    const { headers } = request;
    const isOfCdn = isSecret(takeSecret(request));
    if (config.serve !== 'auto' || isOwnCdn) {
      return config.serve !== 'redirect';
    }
    const forwarded = String(headers['x-forwarded-host'] ?? '').slice(0, MAX_FORWARDED.characters);
    return (
      isOfCdn ||
      headers['user-agent'] === 'Amazon CloudFront' ||
      /\.cloudfront\.net\b/i.test(headers.via ?? '') ||
      (!config.cdnFallbackSecret && (headers.via !== undefined || headers['cdn-loop'] !== undefined)) ||
      // The request is for the CDN's host name, whichever header the proxy passes it in.
      [headers.host, ...forwarded.split(',', MAX_FORWARDED.hosts)].some(isCdnHost)
    );
  };
}

/** Removes the headers with the secret from a request, and returns its value. */
function takeSecret(request: IncomingMessage): string | string[] | undefined {
  const { headers, headersDistinct, rawHeaders } = request;
  const names = [FALLBACK_HEADER, FORMER_FALLBACK_HEADER];
  const values = names.map((name) => headers[name]);
  if (values.some((value) => value !== undefined)) {
    for (const name of names) {
      delete headers[name];
      delete headersDistinct[name];
    }
    // Names and values alternate.
    for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
      if (names.includes(rawHeaders[at]?.toLowerCase() ?? '')) {
        rawHeaders.splice(at, 2);
      }
    }
  }
  return values[0] ?? values[1];
}

/** @returns the lower-case host name of a URL, with its port unless it is the default; undefined for anything else */
function hostOf(url: unknown): string | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).host : undefined;
}

/**
 * Compares digests of equal length in constant time, so that the response time tells nothing about a guess. Every
 * secret is compared, even after one matches.
 */
function secretMatcher(secrets: readonly string[] = []): (value: string | string[] | undefined) => boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  const expected = secrets.map(digest);
  return (value) =>
    typeof value === 'string' && expected.map((secret) => timingSafeEqual(digest(value), secret)).includes(true);
}
