// The part of the AWS SDK that the adapter uses, in a file of its own: parsing the SDK takes longer than everything
// else together, and Ghost's boot need not wait for it.
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
export { StandardRetryStrategy } from '@smithy/core/retry';

/** CloudFront's client lies here too, as what it shares with S3's is most of it. It is run by the first invalidation. */
export const loadCloudFront = () => import('./cloudfront');
