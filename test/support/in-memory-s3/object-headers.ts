import { S3Error } from './s3-error';
import type { Bucket, Checksum, S3Object } from './store';
import type { ObjectHeaders } from './types';

const storageClasses = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
];

const cannedAcls = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
];

const encryptions = ['AES256', 'aws:kms', 'aws:kms:dsse'];

const METADATA_PREFIX = 'x-amz-meta-';

/**
 * Returns the metadata that a request wants to store with the bytes.
 *
 * @throws InvalidStorageClass, AccessControlListNotSupported, InvalidArgument, InvalidEncryptionAlgorithmError
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export function readObjectHeaders(headers: Record<string, string>, bucket: Bucket): ObjectHeaders {
  const contentEncoding = headers['content-encoding']
    ?.split(',')
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== '' && encoding !== 'aws-chunked')
    .join(',');
  return {
    contentType: headers['content-type'] || 'binary/octet-stream',
    cacheControl: headers['cache-control'],
    contentDisposition: headers['content-disposition'],
    contentEncoding: contentEncoding || undefined,
    contentLanguage: headers['content-language'],
    expires: headers.expires,
    storageClass: readStorageClass(headers),
    ...readEncryption(headers, bucket),
    acl: readAcl(headers, bucket),
    tagging: headers['x-amz-tagging'],
    metadata: Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => name.startsWith(METADATA_PREFIX))
        .map(([name, value]) => [name.slice(METADATA_PREFIX.length), value]),
    ),
  };
}

/** Returns the headers of a GET or HEAD, except for length and range. */
export function describeObject(object: S3Object): Record<string, string | undefined> {
  return {
    'content-type': object.contentType,
    'cache-control': object.cacheControl,
    'content-disposition': object.contentDisposition,
    'content-encoding': object.contentEncoding,
    'content-language': object.contentLanguage,
    expires: object.expires,
    etag: object.etag,
    'last-modified': object.lastModified.toUTCString(),
    'accept-ranges': 'bytes',
    'x-amz-storage-class': object.storageClass === 'STANDARD' ? undefined : object.storageClass,
    ...describeEncryption(object),
    ...Object.fromEntries(Object.entries(object.metadata).map(([name, value]) => [METADATA_PREFIX + name, value])),
  };
}

export function describeEncryption(
  object: Pick<ObjectHeaders, 'serverSideEncryption' | 'sseKmsKeyId'>,
): Record<string, string | undefined> {
  return {
    'x-amz-server-side-encryption': object.serverSideEncryption,
    'x-amz-server-side-encryption-aws-kms-key-id': object.sseKmsKeyId,
  };
}

export function describeChecksum(checksum: Checksum | undefined): Record<string, string | undefined> {
  if (!checksum) return {};
  return {
    [`x-amz-checksum-${checksum.algorithm}`]: checksum.value,
    'x-amz-checksum-type': checksum.value.includes('-') ? 'COMPOSITE' : 'FULL_OBJECT',
  };
}

function readStorageClass(headers: Record<string, string>): string {
  const storageClass = headers['x-amz-storage-class'] ?? 'STANDARD';
  if (storageClasses.includes(storageClass)) return storageClass;
  throw new S3Error('InvalidStorageClass', 'The storage class you specified is not valid', {
    StorageClassRequested: storageClass,
  });
}

function readAcl(headers: Record<string, string>, bucket: Bucket): string | undefined {
  const acl = headers['x-amz-acl'];
  const hasGrants = Object.keys(headers).some((name) => name.startsWith('x-amz-grant-'));
  if (acl === undefined && !hasGrants) return undefined;
  if (hasGrants || acl !== 'bucket-owner-full-control') {
    if (bucket.objectOwnership === 'BucketOwnerEnforced') {
      throw new S3Error('AccessControlListNotSupported', 'The bucket does not allow ACLs');
    }
  }
  if (hasGrants) throw new S3Error('NotImplemented', 'Grants by header are not imitated here.');
  if (acl !== undefined && !cannedAcls.includes(acl)) {
    throw new S3Error('InvalidArgument', 'The value is not a canned ACL.', {
      ArgumentName: 'x-amz-acl',
      ArgumentValue: acl,
    });
  }
  if (acl?.startsWith('public-') && bucket.publicAccessBlock?.BlockPublicAcls) {
    throw new S3Error('AccessDenied', 'Public ACLs are blocked by the BlockPublicAcls setting of the bucket.');
  }
  return acl;
}

function readEncryption(
  headers: Record<string, string>,
  bucket: Bucket,
): Pick<ObjectHeaders, 'serverSideEncryption' | 'sseKmsKeyId'> {
  const serverSideEncryption = headers['x-amz-server-side-encryption'] ?? 'AES256';
  const keyId = headers['x-amz-server-side-encryption-aws-kms-key-id'];
  if (!encryptions.includes(serverSideEncryption)) {
    throw new S3Error('InvalidEncryptionAlgorithmError', 'The encryption you specified is not valid.');
  }
  if (serverSideEncryption === 'AES256') {
    if (keyId === undefined) return { serverSideEncryption };
    throw new S3Error('InvalidArgument', 'A KMS key goes with the encryption aws:kms only.', {
      ArgumentName: 'x-amz-server-side-encryption',
    });
  }
  return { serverSideEncryption, sseKmsKeyId: keyId ?? `arn:aws:kms:${bucket.region}:123456789012:alias/aws/s3` };
}
