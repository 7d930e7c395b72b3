import type { IncomingMessage } from 'node:http';
import type { Bucket, ObjectAnswer, ReadConditions } from '../core/s3/bucket';
import { conditionalReadStatus } from '../core/s3/errors';

/** A strong ETag, as S3 sends it. Anything else that a client sends is not forwarded. */
const STRONG_TAG = /^"[\x21\x23-\x7e]*"$/;

/**
 * Reads an object under the conditions of a client's request.
 *
 * @param signal aborts the read when the client has left
 * @throws the SDK's error, of which 304, 404, 412 and 416 are responses for the client
 */
export async function readConditionally(
  request: IncomingMessage,
  bucket: Bucket,
  key: string,
  signal: AbortSignal,
): Promise<Partial<ObjectAnswer>> {
  const conditions = conditionsOf(request);
  const read = (asked: ReadConditions) =>
    request.method === 'HEAD' ? bucket.headFor(signal, key, asked) : bucket.getFor(signal, key, asked);
  try {
    return await read(conditions);
  } catch (error) {
    // If-Range did not match: the file has changed since the client fetched its first part, so it gets all of it.
    if (conditions.IfMatch && conditionalReadStatus(error) === 412) {
      return read({});
    }
    throw error;
  }
}

/** Returns a client's conditions as S3 takes them: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export function conditionsOf({ headers }: IncomingMessage): ReadConditions {
  const conditions: ReadConditions = {};
  const tags = headers['if-none-match'];
  if (tags) {
    // S3 does not support weak tags and lists of tags. They are compared with the tag that it sends.
    conditions.IfNoneMatch = tags === '*' || STRONG_TAG.test(tags) ? tags : undefined;
  } else if (headers['if-modified-since']) {
    const since = new Date(headers['if-modified-since']);
    conditions.IfModifiedSince = Number.isNaN(since.getTime()) ? undefined : since;
  }
  const range = rangeOf(headers.range);
  const ifRange = headers['if-range'];
  if (range && !Array.isArray(ifRange)) {
    // With a date or a weak tag in If-Range, a change within the same second would go unnoticed: send the whole file.
    if (ifRange === undefined) {
      conditions.Range = range;
    } else if (STRONG_TAG.test(String(ifRange))) {
      conditions.Range = range;
      conditions.IfMatch = String(ifRange);
    }
  }
  return conditions;
}

/**
 * Returns a single range as S3 takes it, rebuilt from its numbers, since other characters could not be signed. S3 sends
 * no response in several parts, and the whole file is a valid response to any range.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-range
 */
function rangeOf(header: string | undefined): string | undefined {
  const [, from = '', to = ''] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? '') ?? [];
  const isBackwards = from !== '' && to !== '' && Number(from) > Number(to);
  return (from === '' && to === '') || isBackwards ? undefined : `bytes=${from && Number(from)}-${to && Number(to)}`;
}
