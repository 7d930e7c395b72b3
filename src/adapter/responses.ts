import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { INERT_POLICY, NOT_FOUND_BODY } from '../core/cdn-contract';
import type { Config } from '../core/config';
import type { ObjectAnswer } from '../core/s3/bucket';

/** How long (s) a browser may cache the redirect of an old link. */
const REDIRECT_MAX_AGE = 3600;
/** How long (s) anyone may cache that a file does not exist. */
const NOT_FOUND_MAX_AGE = 60;

/** How long (s) a client should wait before it asks again for a file that could not be delivered. */
const RETRY_AFTER = 30;

/** The rate below which S3 counts as not responding: a byte now and then would make a visitor wait forever. */
const MIN_BYTES_PER_SECOND = 1024;

const CAN_HOLD_SCRIPTS = /^(text\/html|[\w.-]+\/xml|[\w.-]+\/xsl|[^;]*\+xml)\b/i;

type Headers = Record<string, string | undefined>;

/** Redirects a visitor to the CDN. */
export function sendToCdn(response: ServerResponse, url: string): void {
  response.statusCode = 302;
  // Private: a cache that visitors and the CDN share would redirect the CDN to itself.
  setHeaders(response, { location: url, 'cache-control': `private, max-age=${REDIRECT_MAX_AGE}` });
  response.end();
}

export function sendNotFound(response: ServerResponse): void {
  response.statusCode = 404;
  setHeaders(response, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': `public, max-age=${NOT_FOUND_MAX_AGE}`,
    'x-content-type-options': 'nosniff',
  });
  response.end(NOT_FOUND_BODY);
}

/** Sends an error that the client did not cause. Neither a browser nor the CDN may cache it. */
export function sendFailure(response: ServerResponse, status: number): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = status;
  setHeaders(response, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'retry-after': status === 503 ? String(RETRY_AFTER) : undefined,
    'x-content-type-options': 'nosniff',
  });
  response.end('This file cannot be delivered at the moment.\n');
}

/** Sends a 304, 412 or 416, with the given headers that belong to it. */
export function sendWithoutBody(response: ServerResponse, status: number, given: Headers): void {
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

/** Sends an object or the requested part of it, or only the headers where the answer has no body. */
export async function sendObject(
  response: ServerResponse,
  answer: Partial<ObjectAnswer>,
  { cacheControl, requestTimeoutMs }: Config,
): Promise<void> {
  response.statusCode = answer.ContentRange ? 206 : 200;
  // Ghost sets the type of an image that it converted (`/format/webp/`) before it calls the middleware.
  const type = String(response.getHeader('content-type') ?? answer.ContentType ?? 'application/octet-stream');
  setHeaders(response, {
    'content-type': type,
    'content-length': answer.ContentLength?.toString(),
    'content-range': answer.ContentRange,
    'content-encoding': answer.ContentEncoding,
    'content-disposition': answer.ContentDisposition,
    'content-security-policy': CAN_HOLD_SCRIPTS.test(type) ? INERT_POLICY : undefined,
    'accept-ranges': 'bytes',
    // Ghost compresses what it sends, and a part of a compressed file is not a part of the file.
    'cache-control': `${answer.CacheControl ?? cacheControl}${answer.ContentRange ? ', no-transform' : ''}`,
    ...validatorsOf(answer),
    'x-content-type-options': 'nosniff',
    // The editor reads the colors of images from whichever host it runs on.
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  });
  if (!answer.Body) {
    response.end();
    return;
  }
  const sending = send(answer.Body, response);
  const stopWatching = endWhenSilent(answer.Body, response, requestTimeoutMs);
  await sending;
  stopWatching();
}

/**
 * Sends a body, and resolves when it is sent or when the client has left or S3 has broken off. The headers are sent by
 * then, so closing the connection is all that can be done. Node's `pipeline` would create an `AbortController` and an
 * error for each response.
 */
function send(body: Readable, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const endBoth = () => {
      if (!body.readableEnded) {
        body.destroy();
      }
      if (!response.writableFinished) {
        response.destroy();
      }
      resolve();
    };
    body.on('error', endBoth);
    body.once('close', () => {
      if (!body.readableEnded) {
        endBoth();
      }
    });
    response.on('error', endBoth);
    response.once('close', endBoth);
    if (body.destroyed || response.destroyed) {
      endBoth();
    } else {
      body.pipe(response);
    }
  });
}

/** Returns the headers by which a client finds out whether its copy is current. */
export function validatorsOf({ ETag, LastModified }: Partial<ObjectAnswer>) {
  return { etag: ETag, 'last-modified': LastModified?.toUTCString() };
}

/**
 * Ends a body that delivers nothing or almost nothing, although the client is ready for more.
 *
 * @returns the function that stops watching
 */
function endWhenSilent(body: Readable, response: ServerResponse, timeoutMs: number): () => void {
  const leastBytes = (MIN_BYTES_PER_SECOND * timeoutMs) / 1000;
  let received = 0;
  let hadToWait = false;
  body.on('data', (chunk: Uint8Array) => (received += chunk.byteLength));
  response.on('drain', () => (hadToWait = true));
  const timer = setInterval(() => {
    if (received < leastBytes && !hadToWait && !response.writableNeedDrain) {
      body.destroy(new Error('too little data'));
    }
    received = 0;
    hadToWait = false;
  }, timeoutMs);
  return () => clearInterval(timer);
}

function setHeaders(response: ServerResponse, headers: Headers): void {
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) {
      response.setHeader(name, value);
    }
  }
}
