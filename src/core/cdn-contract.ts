// What Ghost's side and the CloudFront distribution of the template agree on.

/**
 * The header in which CloudFront sends `cdnFallbackSecret` to Ghost. It forwards no names with `X-Amz-` or `X-Edge-`. Ghost
 * logs the headers of requests, except those with "key" and a few other words in their names.
 */
export const FALLBACK_HEADER = 'x-ghost-cdn-fallback-key';

/** Its name in 1.0.0, which distributions send until they are updated. */
export const FORMER_FALLBACK_HEADER = 'x-ghost-cdn-fallback';

/** The Content-Security-Policy of documents that can hold scripts: opened on their own, they run none. */
export const INERT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";
