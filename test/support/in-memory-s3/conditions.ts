import { S3Error } from './s3-error';
import type { Bucket, S3Object } from './store';

/**
 * Checks whether an object may be written. The object must be stored in the same turn of the event loop.
 *
 * @throws PreconditionFailed, NoSuchKey (If-Match without an object), NotImplemented
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function checkWriteConditions(bucket: Bucket, key: string, headers: Record<string, string>): void {
  const ifNoneMatch = headers['if-none-match'];
  const ifMatch = headers['if-match'];
  if (bucket.conditionalWrites === 'ignored' || (ifNoneMatch === undefined && ifMatch === undefined)) return;
  if (bucket.conditionalWrites === 'not-implemented') {
    throw notImplemented(ifNoneMatch === undefined ? 'If-Match' : 'If-None-Match');
  }
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw notImplemented('If-None-Match');
  const existing = bucket.objects.get(key);
  if (ifNoneMatch === '*' && existing) throw preconditionFailed('If-None-Match');
  if (ifMatch !== undefined) {
    if (!existing) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key });
    if (!hasEtag(ifMatch, existing)) throw preconditionFailed('If-Match');
  }
}

/**
 * Decides how to answer a GET or HEAD with conditions.
 *
 * @throws PreconditionFailed
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function checkReadConditions(object: S3Object, headers: Record<string, string>): 'object' | 'not-modified' {
  // HTTP dates have whole seconds.
  const modified = Math.floor(object.lastModified.getTime() / 1000) * 1000;
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  const modifiedSince = Date.parse(headers['if-modified-since'] ?? '');
  const unmodifiedSince = Date.parse(headers['if-unmodified-since'] ?? '');
  if (ifMatch !== undefined) {
    if (!hasEtag(ifMatch, object)) throw preconditionFailed('If-Match');
  } else if (modified > unmodifiedSince) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (ifNoneMatch !== undefined) return hasEtag(ifNoneMatch, object) ? 'not-modified' : 'object';
  return modified <= modifiedSince ? 'not-modified' : 'object';
}

function hasEtag(list: string, { etag }: S3Object): boolean {
  return list
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', ''))
    .some((tag) => tag === '*' || tag === etag.replaceAll('"', ''));
}

function preconditionFailed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  });
}

function notImplemented(header: string): S3Error {
  return new S3Error('NotImplemented', 'A header you provided implies functionality that is not implemented', {
    Header: header,
  });
}
