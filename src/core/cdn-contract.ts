// The names and values on which the adapter and the CloudFront distribution of the template agree.

/**
 * The header in which CloudFront sends `cdnFallbackSecret` to Ghost. CloudFront forwards no names with `X-Amz-` or
 * `X-Edge-`. Ghost logs request headers, except those with "key" and a few other words in their names.
 */
export const FALLBACK_HEADER = 'x-ghost-cdn-fallback-key';

/** Its name in 1.0.0, which distributions send until they are updated. */
export const FORMER_FALLBACK_HEADER = 'x-ghost-cdn-fallback';

/** The adapter's body of a 404, which distinguishes it from Ghost's own storage. */
export const NOT_FOUND_BODY = 'Not found\n';

/** The Content-Security-Policy of documents that can hold scripts: opened on their own, they run none. */
export const INERT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";
