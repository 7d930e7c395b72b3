import { checkWriteConditions } from '../conditions';
import { Content } from '../content';
import { describeChecksum, describeEncryption, readObjectHeaders } from '../object-headers';
import type { OperationContext, Reply } from '../operation';
import { S3Object } from '../store';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export async function putObject(context: OperationContext): Promise<Reply> {
  const { bucket, key, headers } = context;
  if (headers['x-amz-acl'] !== undefined) context.requireAllowed('s3:PutObjectAcl', key);
  // A write that depends on the ETag reveals something about the object, so S3 requires the permission to read it.
  if (headers['if-match'] !== undefined) context.requireAllowed('s3:GetObject', key);
  const objectHeaders = readObjectHeaders(headers, bucket);
  const body = await context.receiveBody();
  checkWriteConditions(bucket, key, headers);
  const object = new S3Object(new Content([body.bytes]), objectHeaders, body.md5.toString('hex'), body.checksum);
  bucket.objects.set(key, object);
  return {
    status: 200,
    headers: { etag: object.etag, ...describeEncryption(object), ...describeChecksum(object.checksum) },
  };
}
