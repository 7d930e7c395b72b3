import type { Operation } from '../operation';
import { S3Error } from '../s3-error';
import {
  deleteBucketPolicy,
  deletePublicAccessBlock,
  getBucketPolicy,
  getPublicAccessBlock,
  putBucketPolicy,
  putPublicAccessBlock,
} from './bucket-access';
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketOwnershipControls,
  headBucket,
  listBuckets,
} from './buckets';
import { copyObject, uploadPartCopy } from './copy-object';
import { deleteObject, deleteObjects } from './delete-objects';
import { getObject, headObject } from './get-object';
import { listObjects, listObjectsV2 } from './list-objects';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listMultipartUploads,
  listParts,
  uploadPart,
} from './multipart';
import { putObject } from './put-object';

/** Every supported operation; a request means the first that fits. */
const operations: Operation[] = [
  { name: 'ListBuckets', method: 'GET', level: 'service', action: 's3:ListAllMyBuckets', run: listBuckets },

  ...onBucket('location', [['GET', 'GetBucketLocation', 's3:GetBucketLocation', getBucketLocation]]),
  ...onBucket('ownershipControls', [
    ['GET', 'GetBucketOwnershipControls', 's3:GetBucketOwnershipControls', getBucketOwnershipControls],
  ]),
  ...onBucket('policy', [
    ['GET', 'GetBucketPolicy', 's3:GetBucketPolicy', getBucketPolicy],
    ['PUT', 'PutBucketPolicy', 's3:PutBucketPolicy', putBucketPolicy],
    ['DELETE', 'DeleteBucketPolicy', 's3:DeleteBucketPolicy', deleteBucketPolicy],
  ]),
  ...onBucket('publicAccessBlock', [
    ['GET', 'GetPublicAccessBlock', 's3:GetBucketPublicAccessBlock', getPublicAccessBlock],
    ['PUT', 'PutPublicAccessBlock', 's3:PutBucketPublicAccessBlock', putPublicAccessBlock],
    ['DELETE', 'DeletePublicAccessBlock', 's3:PutBucketPublicAccessBlock', deletePublicAccessBlock],
  ]),
  ...onBucket('uploads', [['GET', 'ListMultipartUploads', 's3:ListBucketMultipartUploads', listMultipartUploads]]),
  ...onBucket('delete', [['POST', 'DeleteObjects', undefined, deleteObjects]]),
  ...onBucket('list-type', [['GET', 'ListObjectsV2', 's3:ListBucket', listObjectsV2]]),
  ...onBucket(undefined, [
    ['GET', 'ListObjects', 's3:ListBucket', listObjects],
    ['HEAD', 'HeadBucket', 's3:ListBucket', headBucket],
    ['PUT', 'CreateBucket', 's3:CreateBucket', createBucket],
    ['DELETE', 'DeleteBucket', 's3:DeleteBucket', deleteBucket],
  ]),

  ...onObject({ query: 'uploads' }, [['POST', 'CreateMultipartUpload', 's3:PutObject', createMultipartUpload]]),
  ...onObject({ query: 'uploadId', header: 'x-amz-copy-source' }, [
    ['PUT', 'UploadPartCopy', 's3:PutObject', uploadPartCopy],
  ]),
  ...onObject({ query: 'uploadId' }, [
    ['GET', 'ListParts', 's3:ListMultipartUploadParts', listParts],
    ['PUT', 'UploadPart', 's3:PutObject', uploadPart],
    ['POST', 'CompleteMultipartUpload', 's3:PutObject', completeMultipartUpload],
    ['DELETE', 'AbortMultipartUpload', 's3:AbortMultipartUpload', abortMultipartUpload],
  ]),
  ...onObject({ header: 'x-amz-copy-source' }, [['PUT', 'CopyObject', 's3:PutObject', copyObject]]),
  ...onObject(undefined, [
    ['GET', 'GetObject', 's3:GetObject', getObject],
    ['HEAD', 'HeadObject', 's3:GetObject', headObject],
    ['PUT', 'PutObject', 's3:PutObject', putObject],
    ['DELETE', 'DeleteObject', 's3:DeleteObject', deleteObject],
  ]),
];

/** Parameters that change the meaning of a request: ignoring them would corrupt data. */
const otherSubresources = new Set([
  ...['accelerate', 'acl', 'analytics', 'attributes', 'cors', 'encryption', 'intelligent-tiering', 'inventory'],
  ...['legal-hold', 'lifecycle', 'logging', 'metadataTable', 'metrics', 'notification', 'object-lock', 'policyStatus'],
  ...['replication', 'requestPayment', 'restore', 'retention', 'select', 'tagging', 'torrent', 'versioning'],
  ...['versionId', 'versions', 'website'],
]);

export interface RequestShape {
  method: string;
  bucket?: string;
  key?: string;
  query: Record<string, string>;
  headers: Record<string, string>;
}

/**
 * Returns the operation of a request.
 *
 * @throws NotImplemented for an unsupported subresource, MethodNotAllowed for a request that S3 does not support either
 */
export function findOperation(request: RequestShape): Operation {
  const level = request.key !== undefined ? 'object' : request.bucket !== undefined ? 'bucket' : 'service';
  const subresource = Object.keys(request.query).find((name) => otherSubresources.has(name));
  if (subresource !== undefined) {
    throw new S3Error('NotImplemented', 'The subresource is not imitated here.', { ResourceType: subresource });
  }
  const operation = operations.find(
    (candidate) =>
      candidate.method === request.method && candidate.level === level && hasMarker(candidate.marker, request),
  );
  if (operation) return operation;
  throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    Method: request.method,
  });
}

function hasMarker(marker: Operation['marker'], { query, headers }: RequestShape): boolean {
  if (marker === undefined) return true;
  const has = (name: string | undefined, given: Record<string, string>) => name === undefined || name in given;
  return has(marker.query, query) && has(marker.header, headers);
}

type Row = [method: Operation['method'], name: string, action: string | undefined, run: Operation['run']];

function onBucket(query: string | undefined, rows: Row[]): Operation[] {
  return tabulate('bucket', query === undefined ? undefined : { query }, rows);
}

function onObject(marker: Operation['marker'], rows: Row[]): Operation[] {
  return tabulate('object', marker, rows);
}

function tabulate(level: Operation['level'], marker: Operation['marker'], rows: Row[]): Operation[] {
  return rows.map(([method, name, action, run]) => ({ name, method, level, marker, action, run }));
}
