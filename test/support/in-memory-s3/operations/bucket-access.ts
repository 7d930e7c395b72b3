import type { OperationContext, Reply } from '../operation';
import { isPublic, parsePolicy } from '../policy';
import { S3Error } from '../s3-error';
import type { PublicAccessBlock } from '../store';
import { childText, parseXml, toXml } from '../xml';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html */
export async function putBucketPolicy(context: OperationContext): Promise<Reply> {
  const { bucket } = context;
  const { bytes } = await context.receiveBody();
  const policy = parsePolicy(bytes.toString());
  if (isPublic(policy) && bucket.publicAccessBlock?.BlockPublicPolicy) {
    throw new S3Error('AccessDenied', 'Public policies are blocked by the BlockPublicPolicy setting of the bucket.');
  }
  bucket.policy = policy;
  return { status: 204 };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html */
export function getBucketPolicy({ bucket }: OperationContext): Reply {
  if (bucket.policy) {
    const body = [Buffer.from(bucket.policy.source)];
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
  throw new S3Error('NoSuchBucketPolicy', 'The bucket policy does not exist', { BucketName: bucket.name });
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html */
export function deleteBucketPolicy({ bucket }: OperationContext): Reply {
  bucket.policy = undefined;
  return { status: 204 };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html */
export async function putPublicAccessBlock(context: OperationContext): Promise<Reply> {
  const configuration = parseXml((await context.receiveBody()).bytes.toString());
  const isOn = (name: keyof PublicAccessBlock) => childText(configuration, name) === 'true';
  context.bucket.publicAccessBlock = {
    BlockPublicAcls: isOn('BlockPublicAcls'),
    IgnorePublicAcls: isOn('IgnorePublicAcls'),
    BlockPublicPolicy: isOn('BlockPublicPolicy'),
    RestrictPublicBuckets: isOn('RestrictPublicBuckets'),
  };
  return { status: 200 };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html */
export function getPublicAccessBlock({ bucket }: OperationContext): Reply {
  if (bucket.publicAccessBlock) {
    const body = toXml('PublicAccessBlockConfiguration', { ...bucket.publicAccessBlock }, { inNamespace: true });
    return { status: 200, body };
  }
  throw new S3Error('NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found', {
    BucketName: bucket.name,
  });
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html */
export function deletePublicAccessBlock({ bucket }: OperationContext): Reply {
  bucket.publicAccessBlock = undefined;
  return { status: 204 };
}
