import { parseRange } from '../byte-range';
import { checkReadConditions } from '../conditions';
import { describeChecksum, describeObject } from '../object-headers';
import type { OperationContext, Reply } from '../operation';
import { S3Error } from '../s3-error';
import type { S3Object } from '../store';

const archivedClasses = ['GLACIER', 'DEEP_ARCHIVE'];

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export function getObject(context: OperationContext): Reply {
  const object = findObject(context);
  if (archivedClasses.includes(object.storageClass)) {
    throw new S3Error('InvalidObjectState', 'The object is archived and must be restored before it can be read.', {
      StorageClass: object.storageClass,
    });
  }
  return send(object, context.headers);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export function headObject(context: OperationContext): Reply {
  return send(findObject(context), context.headers);
}

/**
 * @throws NoSuchKey if the caller may list the bucket, else AccessDenied, so as not to reveal which keys exist
 */
export function findObject(context: OperationContext, bucket = context.bucket, key = context.key): S3Object {
  const object = bucket.objects.get(key);
  if (object) return object;
  context.requireAllowed('s3:ListBucket');
  throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key });
}

function send(object: S3Object, headers: Record<string, string>): Reply {
  const described = describeObject(object);
  if (checkReadConditions(object, headers) === 'not-modified') {
    const { etag, 'last-modified': lastModified, 'cache-control': cacheControl } = described;
    return { status: 304, headers: { etag, 'last-modified': lastModified, 'cache-control': cacheControl } };
  }
  const range = parseRange(headers.range, object.size);
  if (range) {
    const contentRange = `bytes ${range.start}-${range.end - 1}/${object.size}`;
    return {
      status: 206,
      headers: { ...described, 'content-range': contentRange },
      body: object.content.slice(range.start, range.end),
    };
  }
  const checksum = headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' ? object.checksum : undefined;
  return { status: 200, headers: { ...described, ...describeChecksum(checksum) }, body: object.content.slice() };
}
