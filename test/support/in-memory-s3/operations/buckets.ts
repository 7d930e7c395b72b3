import type { OperationContext, Reply } from '../operation';
import { S3Error } from '../s3-error';
import { Bucket } from '../store';
import { childText, parseXml, toXml } from '../xml';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
export function listBuckets({ state, caller }: OperationContext): Reply {
  const buckets = [...state.buckets.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, created, region }) => ({
      Name: name,
      CreationDate: created.toISOString(),
      BucketRegion: region,
    }));
  const result = { Owner: { ID: caller?.arn }, Buckets: { Bucket: buckets } };
  return { status: 200, body: toXml('ListAllMyBucketsResult', result, { inNamespace: true }) };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html */
export async function createBucket(context: OperationContext): Promise<Reply> {
  const { state, bucketName, headers } = context;
  assertBucketName(bucketName);
  const hasBody = headers['content-length'] !== undefined && headers['content-length'] !== '0';
  const configuration = hasBody ? parseXml((await context.receiveBody()).bytes.toString()) : undefined;
  const region = (configuration && childText(configuration, 'LocationConstraint')) ?? 'us-east-1';
  if (region !== state.region) {
    throw new S3Error(
      'IllegalLocationConstraintException',
      `The location constraint ${region} is incompatible with the region of the endpoint this request was sent to.`,
    );
  }
  const ownership = headers['x-amz-object-ownership'] ?? 'BucketOwnerEnforced';
  if (ownership !== 'BucketOwnerEnforced' && ownership !== 'ObjectWriter') {
    throw new S3Error('NotImplemented', `The object ownership ${ownership} is not imitated here.`);
  }
  // Creating one's own bucket again succeeds and changes nothing: in S3 only in the oldest region, here in all of them.
  if (!state.buckets.has(bucketName)) {
    state.buckets.set(bucketName, new Bucket(bucketName, { region, objectOwnership: ownership }));
  }
  return { status: 200, headers: { location: `/${bucketName}` } };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html */
export function headBucket({ bucket }: OperationContext): Reply {
  return { status: 200, headers: { 'x-amz-bucket-region': bucket.region } };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html */
export function deleteBucket({ state, bucket }: OperationContext): Reply {
  if (bucket.objects.size > 0) {
    throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty', { BucketName: bucket.name });
  }
  state.buckets.delete(bucket.name);
  return { status: 204 };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html */
export function getBucketLocation({ bucket }: OperationContext): Reply {
  const location = bucket.region === 'us-east-1' ? '' : bucket.region;
  return { status: 200, body: toXml('LocationConstraint', location, { inNamespace: true }) };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html */
export function getBucketOwnershipControls({ bucket }: OperationContext): Reply {
  const controls = { Rule: { ObjectOwnership: bucket.objectOwnership } };
  return { status: 200, body: toXml('OwnershipControls', controls, { inNamespace: true }) };
}

/**
 * @throws InvalidBucketName
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function assertBucketName(name: string): void {
  const isName = /^[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]$/.test(name);
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(name);
  if (isName && !isAddress) return;
  throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
}
