import { checkWriteConditions } from '../conditions';
import { describeEncryption, readObjectHeaders } from '../object-headers';
import type { OperationContext, Reply } from '../operation';
import { S3Error } from '../s3-error';
import { md5, S3Object } from '../store';
import type { ObjectHeaders } from '../types';
import { uriDecode } from '../uri-encoding';
import { toXml } from '../xml';
import { findObject } from './get-object';

/**
 * Copies within one bucket only: a storage adapter needs nothing else.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function copyObject(context: OperationContext): Reply {
  const { bucket, key, headers } = context;
  const [sourceBucket, sourceKey] = readSource(headers['x-amz-copy-source'] ?? '');
  if (sourceBucket !== bucket.name) {
    throw new S3Error('NotImplemented', 'Copying from another bucket is not imitated here.');
  }
  context.requireAllowed('s3:GetObject', sourceKey);
  const source = findObject(context, bucket, sourceKey);
  const requested = readObjectHeaders(headers, bucket);
  const replaces = headers['x-amz-metadata-directive'] === 'REPLACE';
  if (sourceKey === key && !replaces && headers['x-amz-storage-class'] === undefined) {
    throw new S3Error('InvalidRequest', 'Copying an object to itself must change its headers or storage class.');
  }
  checkWriteConditions(bucket, key, headers);
  const { storageClass, serverSideEncryption, sseKmsKeyId, acl } = requested;
  const objectHeaders: ObjectHeaders = replaces
    ? requested
    : { ...pickHeaders(source), storageClass, serverSideEncryption, sseKmsKeyId, acl };
  const copy = new S3Object(source.content, objectHeaders, md5(source.bytes).toString('hex'), source.checksum);
  bucket.objects.set(key, copy);
  const result = { ETag: copy.etag, LastModified: copy.lastModified.toISOString() };
  return {
    status: 200,
    headers: describeEncryption(copy),
    body: toXml('CopyObjectResult', result, { inNamespace: true }),
  };
}

function pickHeaders(source: S3Object): Omit<ObjectHeaders, 'storageClass' | 'serverSideEncryption'> {
  const { contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage, expires, metadata } = source;
  return { contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage, expires, metadata };
}

function readSource(header: string): [bucket: string, key: string] {
  const source = uriDecode(header.replace(/^\//, '').split('?', 1)[0] ?? '');
  const slash = source.indexOf('/');
  if (slash > 0) return [source.slice(0, slash), source.slice(slash + 1)];
  throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: /bucket/key', {
    ArgumentName: 'x-amz-copy-source',
  });
}
