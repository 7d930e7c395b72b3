import { setTimeout as sleep } from 'node:timers/promises';
import { cacheStatusOf } from '../cache-status';
import { type CheckResult, failed, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { checkEachProbe } from './cdn-delivery';

/** A CDN has many servers, so the first requests may reach some that have not cached the file yet. */
const MAX_REQUESTS_FOR_A_HIT = 5;

/** How long (ms) to wait between two requests for a file that the CDN may still report as missing. */
const PAUSE_MS = 2_500;

/** Checks that the CDN sends the stored Cache-Control. */
export function checkCacheControl(context: DoctorContext): Promise<CheckResult> {
  return checkEachProbe(context, async ({ url, headers: { CacheControl = '' } }) => {
    const found = (await context.getOnce(url)).headers['cache-control'];
    const tried = `The command stored ${url} with Cache-Control: ${CacheControl}.`;
    const cure = "Make the CDN send the bucket's Cache-Control (CloudFront: the cache policy CachingOptimized).";
    if (found === undefined) {
      return failed(tried, 'The CDN sends no Cache-Control, so browsers request each image again and again.', cure);
    }
    return sortedDirectives(found) === sortedDirectives(CacheControl)
      ? passed('browsers keep images as long as the bucket says', `Cache-Control: ${found}`)
      : warned(tried, `The CDN sends Cache-Control: ${found}, which is not the bucket's.`, cure);
  });
}

const sortedDirectives = (cacheControl: string) =>
  cacheControl
    .toLowerCase()
    .split(/\s*,\s*/)
    .sort()
    .join();

/** Checks that the CDN answers 304 for a file that has not changed. */
export async function checkNotModified(context: DoctorContext): Promise<CheckResult> {
  const { url } = context.probes.first;
  const { etag } = (await context.getOnce(url)).headers;
  const status = etag && (await context.get(url, { 'if-none-match': etag })).status;
  return status === 304
    ? passed('the CDN tells browsers to keep an unchanged image', '304')
    : warned(
        `The command requested ${url} again, with its ETag.`,
        etag
          ? `The CDN sends an unchanged image again: it answers ${status} instead of 304.`
          : 'The CDN sends no ETag, so browsers load unchanged images again.',
        "Make the CDN send the bucket's ETag.",
      );
}

/** Checks that the CDN caches files. */
export async function checkCached(context: DoctorContext): Promise<CheckResult> {
  if (context.isOwnCdn) {
    return unchecked('the blog is its own CDN');
  }
  const { url } = context.probes.first;
  let cacheStatus: string | undefined;
  for (let count = 0; count < MAX_REQUESTS_FOR_A_HIT; count += 1) {
    const { headers } = await context.get(url);
    cacheStatus = cacheStatusOf(headers);
    if (/\bhit\b/i.test(cacheStatus ?? '') || Number(headers.age) > 0) {
      return passed(cacheStatus ?? `Age ${headers.age}`);
    }
  }
  const tried = `The command requested ${url} ${MAX_REQUESTS_FOR_A_HIT} more times.`;
  const cure = 'Make the CDN cache everything below /content (CloudFront: the cache policy CachingOptimized).';
  return cacheStatus === undefined
    ? warned(tried, 'The CDN does not show whether an image came from its cache (no X-Cache or Age header).', cure)
    : failed(tried, `The CDN does not cache images (${cacheStatus}), so the bucket serves every visitor.`, cure);
}

/** Uploads a file that was requested from the CDN before, and checks how long the CDN reports it as missing. */
export async function checkAskedTooEarly(context: DoctorContext): Promise<CheckResult> {
  const { probes, cdnErrorTtlMs, signal } = context;
  const { key, url } = probes.lateFile;
  probes.track(key);
  await probes.first.bucket.put(key, probes.bytes, probes.first.headers);
  const begin = Date.now();
  for (;;) {
    const { status } = await context.get(url);
    const elapsedMs = Date.now() - begin;
    const seconds = Math.round(elapsedMs / 1000);
    if (status === 200) {
      return passed(`a new file appears after ${seconds} s`);
    }
    if (elapsedMs > cdnErrorTtlMs) {
      return failed(
        `The command requested ${url} before and after it stored the file in the bucket.`,
        `${seconds} s after a file was stored, the CDN still answers ${status}: it caches for too long that a file was missing.`,
        'Make the CDN cache errors for a minute at most (CloudFront: error caching minimum TTL of 403 and 404).',
      );
    }
    await sleep(Math.min(PAUSE_MS, cdnErrorTtlMs), undefined, { signal });
  }
}
