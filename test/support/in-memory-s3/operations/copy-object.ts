import { checkReadConditions, checkWriteConditions } from '../conditions';
import { Content } from '../content';
import { describeEncryption, readObjectHeaders } from '../object-headers';
import type { OperationContext, Reply } from '../operation';
import { S3Error } from '../s3-error';
import { type Bucket, md5, S3Object } from '../store';
import type { ObjectHeaders } from '../types';
import { uriDecode } from '../uri-encoding';
import { toXml } from '../xml';
import { findObject } from './get-object';
import { readPartNumber } from './multipart';

/** S3's limit for a copy in one request. */
const MOST_BYTES = 5 * 1024 ** 3;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export function copyObject(context: OperationContext): Reply {
  const { bucket, key, headers } = context;
  const { source, sourceKey, sourceBucket } = findSource(context);
  if (source.size > MOST_BYTES) {
    throw new S3Error(
      'InvalidRequest',
      `The specified copy source is larger than the maximum allowable size for a copy source: ${MOST_BYTES}`,
    );
  }
  const keepsTags = source.tagging !== undefined && headers['x-amz-tagging-directive'] !== 'REPLACE';
  if (keepsTags) context.requireAllowed('s3:GetObjectTagging', sourceKey, sourceBucket);
  const requested = readObjectHeaders(headers, bucket);
  const replaces = headers['x-amz-metadata-directive'] === 'REPLACE';
  const isItself = sourceBucket === bucket && sourceKey === key;
  if (isItself && !replaces && headers['x-amz-storage-class'] === undefined) {
    throw new S3Error('InvalidRequest', 'Copying an object to itself must change its headers or storage class.');
  }
  checkWriteConditions(bucket, key, headers);
  const { storageClass, serverSideEncryption, sseKmsKeyId, acl } = requested;
  const objectHeaders: ObjectHeaders = replaces
    ? { ...requested, tagging: keepsTags ? source.tagging : requested.tagging }
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

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export function uploadPartCopy(context: OperationContext): Reply {
  const { bucket, key, query, headers, state } = context;
  const upload = bucket.upload(query.uploadId ?? '', key);
  const partNumber = readPartNumber(query);
  const { source } = findSource(context);
  const [, start = '0', end = String(source.size - 1)] =
    /^bytes=(\d+)-(\d+)$/.exec(headers['x-amz-copy-source-range'] ?? '') ?? [];
  if (Number(end) >= source.size || Number(end) - Number(start) >= MOST_BYTES) {
    throw new S3Error('InvalidRange', 'The range specified is not valid for the copy source.');
  }
  const content = new Content(source.content.slice(Number(start), Number(end) + 1));
  const digest = md5(state.trustsBodies ? Buffer.from(String(content.size)) : content.bytes);
  const part = { content, etag: `"${digest.toString('hex')}"`, md5: digest, lastModified: new Date() };
  upload.parts.set(partNumber, part);
  const result = { ETag: part.etag, LastModified: part.lastModified.toISOString() };
  return { status: 200, body: toXml('CopyPartResult', result, { inNamespace: true }) };
}

/** @throws NotImplemented, NoSuchBucket, NoSuchKey, AccessDenied, PreconditionFailed */
function findSource(context: OperationContext): { source: S3Object; sourceKey: string; sourceBucket: Bucket } {
  const { state, headers, bucket } = context;
  const unknown = bucket.unknownCopyHeaders.find((header) => header in headers);
  if (unknown) throw new S3Error('NotImplemented', 'The header is not implemented.', { Header: unknown });
  const [name, sourceKey] = readSource(headers['x-amz-copy-source'] ?? '');
  const sourceBucket = state.buckets.get(name);
  if (!sourceBucket) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', { BucketName: name });
  context.requireAllowed('s3:GetObject', sourceKey, sourceBucket);
  const source = findObject(context, sourceBucket, sourceKey);
  const ifMatch = headers['x-amz-copy-source-if-match'];
  if (ifMatch !== undefined) checkReadConditions(source, { 'if-match': ifMatch });
  return { source, sourceKey, sourceBucket };
}

function pickHeaders(source: S3Object): Omit<ObjectHeaders, 'storageClass' | 'serverSideEncryption'> {
  const {
    contentType,
    cacheControl,
    contentDisposition,
    contentEncoding,
    contentLanguage,
    expires,
    metadata,
    tagging,
  } = source;
  return {
    contentType,
    cacheControl,
    contentDisposition,
    contentEncoding,
    contentLanguage,
    expires,
    metadata,
    tagging,
  };
}

function readSource(header: string): [bucket: string, key: string] {
  const source = uriDecode(header.replace(/^\//, '').split('?', 1)[0] ?? '');
  const slash = source.indexOf('/');
  if (slash > 0) return [source.slice(0, slash), source.slice(slash + 1)];
  throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: /bucket/key', {
    ArgumentName: 'x-amz-copy-source',
  });
}
