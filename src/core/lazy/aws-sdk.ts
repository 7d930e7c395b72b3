// The parts of the AWS SDK that the adapter uses. They are in a separate file, because parsing the SDK takes longer than
// everything else together, and would delay Ghost's boot.
export {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
export { defaultProvider } from '@aws-sdk/credential-provider-node';
export { partition } from '@aws-sdk/core/client';
export { StandardRetryStrategy } from '@smithy/core/retry';

/** Loads CloudFront's client, which is in the same file because it shares most of its code with S3's. */
export const loadCloudFront = () => import('./cloudfront');
