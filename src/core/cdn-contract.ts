// What Ghost's side and the CloudFront distribution of the template agree on.

/** The header in which CloudFront sends `cdnFallbackSecret` to Ghost. It forwards no names with `X-Amz-` or `X-Edge-`. */
export const FALLBACK_HEADER = 'x-ghost-cdn-fallback';

/** The Content-Security-Policy of documents that can hold scripts: opened on their own, they run none. */
export const INERT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";
