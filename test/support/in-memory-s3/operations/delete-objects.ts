import type { OperationContext, Reply } from '../operation';
import { S3Error } from '../s3-error';
import { childText, parseXml, toXml } from '../xml';

const MOST_KEYS = 1000;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export function deleteObject({ bucket, key }: OperationContext): Reply {
  bucket.objects.delete(key);
  return { status: 204 };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export async function deleteObjects(context: OperationContext): Promise<Reply> {
  const { bucket, headers } = context;
  const isProtected = Object.keys(headers).some(
    (name) => name === 'content-md5' || name.startsWith('x-amz-checksum-') || name === 'x-amz-trailer',
  );
  if (!isProtected) throw new S3Error('InvalidRequest', 'Missing required header: Content-MD5 OR x-amz-checksum-*');
  const { bytes } = await context.receiveBody();
  const request = parseXml(bytes.toString());
  const keys = request.children
    .filter((child) => child.name === 'Object')
    .map((object) => object.children.find((child) => child.name === 'Key')?.text);
  if (keys.length === 0 || keys.length > MOST_KEYS || keys.some((key) => !key)) {
    throw new S3Error('MalformedXML', `Between 1 and ${MOST_KEYS} objects with a key must be given.`);
  }
  const isQuiet = childText(request, 'Quiet') === 'true';
  const deleted: { Key: string }[] = [];
  const errors: { Key: string; Code: string; Message: string }[] = [];
  for (const key of keys as string[]) {
    if (!context.isAllowed('s3:DeleteObject', key)) {
      errors.push({ Key: key, Code: 'AccessDenied', Message: 'Access Denied' });
    } else {
      bucket.objects.delete(key);
      deleted.push({ Key: key });
    }
  }
  const result = { Deleted: isQuiet ? [] : deleted, Error: errors };
  return { status: 200, body: toXml('DeleteResult', result, { inNamespace: true }) };
}
