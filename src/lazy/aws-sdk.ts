// The part of the AWS SDK that the adapter uses, in a file of its own: parsing the SDK takes longer than everything
// else together, and Ghost's boot need not wait for it.
// CloudFront's client is here too: what the two share is most of either.
export { CloudFrontClient, CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
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
