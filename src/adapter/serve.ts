import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fresh from 'fresh';
import parseRange from 'range-parser';
import type { Config } from '../core/config';
import { ghostSetting } from '../core/ghost-host';

import type { ObjectKeys } from '../core/object-keys';
import type { Bucket, ObjectAnswer, ReadConditions } from '../core/s3/bucket';
import { conditionalReadStatus, isNotFound } from '../core/s3/errors';
import type { SizesOnDemand } from './sizes-on-demand';

/** What CloudFront sends to its second origin: see `cdnFallbackSecret`. Names with `X-Amz-` or `X-Edge-` are forbidden. */
const FALLBACK_HEADER = 'x-ghost-cdn-fallback';

/** How long a browser remembers where an old link leads to, and a cache that there is nothing; seconds. */
const REDIRECT_MAX_AGE = 3600;
const NOT_FOUND_MAX_AGE = 60;

/** A tag as S3 gives it. What else a client sends in its place is not signed and sent on. */
const STRONG_TAG = /^"[\x21\x23-\x7e]*"$/;

/** For documents that can hold scripts: opened on their own they run none, under whatever domain they are shown. */
const INERT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";
const CAN_HOLD_SCRIPTS = /^(text\/html|[\w.-]+\/xml|[\w.-]+\/xsl|[^;]*\+xml)\b/i;

/**
 * The middleware for everything below `/content/images` (media, files) of the blog.
 *
 * A visitor who followed an old link is sent on to the CDN. The CDN itself, which asks Ghost for a size that is not in
 * the bucket yet, gets bytes: CloudFront caches a redirect and does not follow it, so one would lead in a circle.
 */
export function serveFrom(config: Config, bucket: Bucket, keys: ObjectKeys, sizes: SizesOnDemand): Middleware {
  const wantsBytes = bytesWanted(config);
  return (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      next();
      return;
    }
    let key: string;
    try {
      key = keys.toKeyOfRequest(request.url ?? '');
    } catch {
      sendNotFound(response);
      return;
    }
    if (wantsBytes(request)) {
      stream(request, response, key, { bucket, sizes, config }).catch(next);
    } else {
      sendToCdn(response, keys.toUrl(key));
    }
  };
}

/** @returns what tells requests that must get the bytes from those that may be redirected to the CDN */
function bytesWanted(config: Config): (request: IncomingMessage) => boolean {
  const { host: cdnHost, protocol } = new URL(config.cdnUrl);
  // The site is its own CDN: there is nowhere to redirect to.
  if (config.serve !== 'auto' || hostOf(ghostSetting('url')) === cdnHost) {
    return () => config.serve !== 'redirect';
  }
  const isSecret = secretMatcher(config.cdnFallbackSecret);
  return ({ headers }) =>
    isSecret(headers[FALLBACK_HEADER]) ||
    // Any proxy that names itself may be the CDN: sending a file too often is slower, sending a circle is broken.
    headers.via !== undefined ||
    headers['cdn-loop'] !== undefined ||
    headers['user-agent'] === 'Amazon CloudFront' ||
    // Asked under the CDN's name, by whichever header a proxy hands it on.
    [headers.host, ...String(headers['x-forwarded-host'] ?? '').split(',')].some(
      (host) => host && hostOf(`${protocol}//${host.trim()}`) === cdnHost,
    );
}

/** @returns host name and port of a URL, lower case and without a default port; undefined when it is none */
function hostOf(url: unknown): string | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).host : undefined;
}

/** Compares digests of equal length in constant time, so that answers do not tell how much of a guess was right. */
function secretMatcher(secret: string | undefined): (value: string | string[] | undefined) => boolean {
  if (!secret) {
    return () => false;
  }
  const digest = (value: string) => createHash('sha256').update(value).digest();
  const expected = digest(secret);
  return (value) => typeof value === 'string' && timingSafeEqual(digest(value), expected);
}

async function stream(
  request: IncomingMessage,
  response: ServerResponse,
  key: string,
  { bucket, sizes, config }: { bucket: Bucket; sizes: SizesOnDemand; config: Config },
): Promise<void> {
  if (response.destroyed) {
    return;
  }
  const abort = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) {
      abort.abort();
    }
  });
  let answer: Partial<ObjectAnswer>;
  try {
    answer = takeWhole(request, sizes, key) ?? (await readConditionally(request, bucket, key, abort.signal));
  } catch (error) {
    if (abort.signal.aborted) {
      return;
    }
    const status = conditionalReadStatus(error);
    if (status) {
      // What S3 leaves out of a 304 (Ceph names no tag) is what the client named.
      const { IfNoneMatch } = conditionsOf(request);
      sendWithoutBody(response, status, { etag: IfNoneMatch === '*' ? undefined : IfNoneMatch, ...headersOf(error) });
    } else if (isNotFound(error)) {
      sendNotFound(response);
    } else {
      throw bucket.explain(error, request.method === 'HEAD' ? 'HeadObject' : 'GetObject', key);
    }
    return;
  }

  const validators = { etag: answer.ETag, 'last-modified': answer.LastModified?.toUTCString() };
  if (!answer.ContentRange && fresh(request.headers, validators)) {
    answer.Body?.destroy();
    sendWithoutBody(response, 304, { ...validators, 'cache-control': answer.CacheControl });
    return;
  }
  response.statusCode = answer.ContentRange ? 206 : 200;
  // Ghost names the type of what it has converted itself (`/format/webp/`) before it calls on.
  const type = response.getHeader('content-type') ?? answer.ContentType ?? 'application/octet-stream';
  setHeaders(response, {
    'content-type': String(type),
    'content-length': answer.ContentLength?.toString(),
    'content-range': answer.ContentRange,
    'content-encoding': answer.ContentEncoding,
    'content-disposition': answer.ContentDisposition,
    'content-security-policy': CAN_HOLD_SCRIPTS.test(String(type)) ? INERT_POLICY : undefined,
    'accept-ranges': 'bytes',
    // Ghost compresses what it sends: a part of a compressed file is no part of the file.
    'cache-control': `${answer.CacheControl ?? config.cacheControl}${answer.ContentRange ? ', no-transform' : ''}`,
    ...validators,
    'x-content-type-options': 'nosniff',
    // The editor reads the colours of pictures, from wherever it is opened.
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  });
  if (!answer.Body) {
    response.end();
    return;
  }
  const sending = pipeline(answer.Body, response);
  const stopWatching = endWhenSilent(answer.Body, response, config.requestTimeoutMs);
  try {
    await sending;
  } catch {
    // The client has left, or S3 broke off: the headers are sent, so that an ended connection is all that can be said.
    // pipeline() has destroyed both ends.
  } finally {
    stopWatching();
  }
}

/**
 * Ends a body of which nothing comes although the client would take it. While the client takes nothing, nothing can
 * come.
 *
 * @returns what ends the watch
 */
function endWhenSilent(body: Readable, response: ServerResponse, timeoutMs: number): () => void {
  let isSilent = false;
  body.on('data', () => (isSilent = false));
  const timer = setInterval(() => {
    if (isSilent && !response.writableNeedDrain) {
      body.destroy(new Error('S3 has fallen silent'));
    }
    isSilent = true;
  }, timeoutMs);
  return () => clearInterval(timer);
}

/** @returns a size that has just been stored, where all of it is asked for */
function takeWhole({ method, headers }: IncomingMessage, sizes: SizesOnDemand, key: string) {
  return method === 'GET' && headers.range === undefined ? sizes.take(key) : undefined;
}

/** @throws the SDK's error, of which 304, 404, 412 and 416 are answers to the client */
async function readConditionally(
  request: IncomingMessage,
  bucket: Bucket,
  key: string,
  signal: AbortSignal,
): Promise<Partial<ObjectAnswer>> {
  const conditions = conditionsOf(request);
  const read = (asked: ReadConditions) =>
    request.method === 'HEAD' ? bucket.head(key, asked, signal) : bucket.getFor(signal, key, asked);
  try {
    return await read(conditions);
  } catch (error) {
    // If-Range did not match: the file has changed since its first part was fetched, so all of it is sent.
    if (conditions.IfMatch && conditionalReadStatus(error) === 412) {
      return read({});
    }
    throw error;
  }
}

/** The client's conditions in S3's words: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
function conditionsOf(request: IncomingMessage): ReadConditions {
  const { headers } = request;
  const conditions: ReadConditions = {};
  const tags = headers['if-none-match'];
  if (tags) {
    // Weak tags and lists of them are not S3's: what it then sends is compared here.
    conditions.IfNoneMatch = tags === '*' || STRONG_TAG.test(tags) ? tags : undefined;
  } else if (headers['if-modified-since']) {
    const since = new Date(headers['if-modified-since']);
    conditions.IfModifiedSince = Number.isNaN(since.getTime()) ? undefined : since;
  }
  // Only one range: S3 has no answer in several parts, and the whole file is a right answer to any.
  const ranges = headers.range ? parseRange(Number.MAX_SAFE_INTEGER, headers.range) : -2;
  const ifRange = headers['if-range'];
  if (Array.isArray(ranges) && ranges.type === 'bytes' && ranges.length === 1 && !Array.isArray(ifRange)) {
    // A date or a weak tag as If-Range cannot be told from a change within the second: the whole file is sent.
    if (ifRange === undefined) {
      conditions.Range = headers.range;
    } else if (STRONG_TAG.test(String(ifRange))) {
      conditions.Range = headers.range;
      conditions.IfMatch = String(ifRange);
    }
  }
  return conditions;
}

function sendToCdn(response: ServerResponse, url: string): void {
  response.statusCode = 302;
  // Private: a cache shared by visitors and the CDN would send the CDN to itself.
  setHeaders(response, { location: url, 'cache-control': `private, max-age=${REDIRECT_MAX_AGE}` });
  response.end();
}

function sendNotFound(response: ServerResponse): void {
  response.statusCode = 404;
  setHeaders(response, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': `public, max-age=${NOT_FOUND_MAX_AGE}`,
    'x-content-type-options': 'nosniff',
  });
  response.end('Not found\n');
}

/** The headers of an answer that the SDK took for an error. */
function headersOf(error: unknown): Record<string, string | undefined> {
  return (error as { $response?: { headers?: Record<string, string> } }).$response?.headers ?? {};
}

/** 304, 412 and 416, with what S3 says of the file. */
function sendWithoutBody(response: ServerResponse, status: number, given: Record<string, string | undefined>): void {
  response.statusCode = status;
  response.removeHeader('content-type');
  setHeaders(response, {
    etag: given.etag,
    'last-modified': given['last-modified'],
    'cache-control': status === 304 ? given['cache-control'] : 'no-store',
    'content-range': status === 416 ? given['content-range'] : undefined,
  });
  response.end();
}

function setHeaders(response: ServerResponse, headers: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) {
      response.setHeader(name, value);
    }
  }
}

/** A middleware of Express, as far as it is needed: Node's own request and response do. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
