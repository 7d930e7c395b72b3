import type { IncomingMessage, ServerResponse } from 'node:http';
import fresh from 'fresh';
import type { Config } from '../core/config';
import { isFor, isOriginal } from '../core/features';
import { asForeign } from '../core/foreign-error';
import type { ObjectKeys } from '../core/object-keys';
import type { Bucket, ObjectAnswer } from '../core/s3/bucket';
import { conditionalReadStatus, isNotFound } from '../core/s3/errors';
import { cdnRequestMatcher } from './cdn-requests';
import { diskServer } from './disk-files';
import { conditionsOf, readConditionally } from './conditional-read';
import type { Middleware } from './middleware';
import { sendFailure, sendNotFound, sendObject, sendToCdn, sendWithoutBody, validatorsOf } from './responses';
import { errorForVisitors } from './visitor-errors';

/**
 * Returns the middleware for everything below the blog's `/content/images` (media, files).
 *
 * A visitor who follows an old link is redirected to the CDN. The CDN itself, which asks Ghost for a size that is not
 * in the bucket yet, gets the bytes: CloudFront caches a redirect instead of following it, which would cause a loop.
 * Files that are never in the bucket are served from the disk. The original of an image is never sent. A redirect to it
 * stays, because only the CDN knows whether originals are public there.
 */
export function serveFrom(config: Config, bucket: Bucket, keys: ObjectKeys): Middleware {
  const isForBytes = cdnRequestMatcher(config);
  const serveFromDisk = diskServer(config.staticFileURLPrefix);
  const isImages = isFor('images', config.staticFileURLPrefix);
  return (request, response, next) => {
    const wantsBytes = isForBytes(request);
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
    if (serveFromDisk(keys.pathOf(key), request, response, next)) {
      return;
    }
    if (wantsBytes && isImages && isOriginal(keys.pathOf(key))) {
      sendNotFound(response);
    } else if (wantsBytes) {
      stream(request, response, key, bucket, config).catch((error: unknown) => {
        sendFailure(response, errorForVisitors(error).statusCode ?? 502);
      });
    } else {
      sendToCdn(response, keys.toUrl(key));
    }
  };
}

async function stream(
  request: IncomingMessage,
  response: ServerResponse,
  key: string,
  bucket: Bucket,
  config: Config,
): Promise<void> {
  if (response.destroyed) {
    return;
  }
  if (!response.socket) {
    closeWithConnection(request, response);
  }
  const abort = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) {
      abort.abort();
    }
  });
  let answer: Partial<ObjectAnswer>;
  try {
    answer = await readConditionally(request, bucket, key, abort.signal);
  } catch (error) {
    if (!abort.signal.aborted && !sendAnswerOf(error, request, response)) {
      throw bucket.explain(error, request.method === 'HEAD' ? 'HeadObject' : 'GetObject', key);
    }
    return;
  }
  const validators = validatorsOf(answer);
  if (!answer.ContentRange && fresh(request.headers, validators)) {
    answer.Body?.destroy();
    sendWithoutBody(response, 304, { ...validators, 'cache-control': answer.CacheControl });
  } else {
    await sendObject(response, answer, config);
  }
}

/**
 * Closes a response when its connection closes. Node closes only the response that it is sending, not those behind it: a
 * client that leaves after many requests at once would keep their requests to S3 open.
 */
function closeWithConnection({ socket }: IncomingMessage, response: ServerResponse): void {
  const close = () => {
    response.destroy();
    response.emit('close');
  };
  socket.setMaxListeners(0);
  socket.once('close', close);
  response.once('close', () => socket.off('close', close));
}

/**
 * Sends a response of S3 that the SDK reported as an error, but that is meant for the client: 304, 404, 412 or 416.
 *
 * @returns whether it was one of these
 */
function sendAnswerOf(error: unknown, request: IncomingMessage, response: ServerResponse): boolean {
  const status = conditionalReadStatus(error);
  if (status) {
    // A tag that S3 leaves out of a 304, as Ceph does, is the one that the client sent.
    const { IfNoneMatch } = conditionsOf(request);
    const etag = IfNoneMatch === '*' ? undefined : IfNoneMatch;
    sendWithoutBody(response, status, { etag, ...asForeign(error).$response?.headers });
  } else if (isNotFound(error)) {
    sendNotFound(response);
  } else {
    return false;
  }
  return true;
}
