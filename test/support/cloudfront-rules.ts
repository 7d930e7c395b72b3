// What the two stand-ins of the CDN imitate, an HTTP server in this process and nginx: CloudFront with the distribution
// of this project. test/unit/template holds the template against the same rules.

/**
 * How long (s) answers are cached: the managed policy CachingOptimized.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
 */
export const TTL_SECONDS = { min: 1, default: 24 * 60 * 60, max: 365 * 24 * 60 * 60 };

/** How long (s) errors are cached at least. */
export const ERROR_TTL_SECONDS: Record<number, number> = { 403: 10, 404: 60, 500: 5, 502: 5, 503: 5, 504: 5 };

/** `Cache-Control` directives with which an answer is cached for the minimum time only. */
export const UNCACHED = ['no-store', 'no-cache', 'private'];

/**
 * Paths and statuses for which Ghost is asked after the bucket.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html
 */
export const FALLBACK = { path: '/content/images/size/', statuses: [403, 404] };

/**
 * The objects that the bucket's policy denies CloudFront, as a regular expression for their keys, and the status of S3's
 * answer: the originals of images, also below the prefix of a tenant.
 */
export const DENIED = { keys: '(^|/)content/images/[^/]{4}/[^/]{2}/.*_o[.].{3,4}$', status: 403 };

/** What CloudFront calls itself, to origins and to viewers. */
export const VIA = '1.1 x.cloudfront.net (CloudFront)';

/**
 * Returns the headers with which CloudFront asks Ghost, besides Host.
 *
 * @param viewer its IP address
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
 */
export function headersToGhost(viewer: string, fallbackSecret: string): Record<string, string> {
  return {
    'User-Agent': 'Amazon CloudFront',
    Via: VIA,
    'X-Forwarded-For': viewer,
    'X-Ghost-Cdn-Fallback-Key': fallbackSecret,
  };
}

/** Headers that concern one connection only. */
export const HOP_BY_HOP_HEADERS = ['connection', 'keep-alive', 'transfer-encoding'];

/** Headers of an origin that a viewer does not get: CloudFront sets its own, and this distribution forwards no cookies. */
export const DROPPED_HEADERS = ['set-cookie', 'via', 'age'];

/** The response headers policy for all files, in all answers. */
export const POLICY_HEADERS: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'cross-origin',
  'strict-transport-security': 'max-age=31536000',
};

/**
 * What lets other pages read a file: the policy sends it to requests with an Origin, and the function to all others
 * unless the answer is an error.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html
 */
export const CORS = { header: 'access-control-allow-origin', value: '*', errorsFrom: 400 };

/** What the policy adds for images, which have this in their path, after the prefix of a tenant. */
export const IMAGES = {
  path: '/content/images/',
  contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
};
