import { randomBytes } from 'node:crypto';
import { checksumAlgorithms, compositeChecksum, isChecksumAlgorithm } from '../checksums';
import { checkWriteConditions } from '../conditions';
import { Content } from '../content';
import { describeEncryption, readObjectHeaders } from '../object-headers';
import type { OperationContext, Reply } from '../operation';
import { S3Error } from '../s3-error';
import { type Checksum, md5, type MultipartUpload, S3Object, type UploadedPart } from '../store';
import { compareUtf8 } from '../utf8-order';
import { childText, parseXml, toXml, type XmlElement } from '../xml';
import { keyEncoder } from './list-objects';

const SMALLEST_PART_BYTES = 5 * 1024 * 1024;
const LAST_PART_NUMBER = 10_000;
const MOST_LISTED = 1000;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export function createMultipartUpload(context: OperationContext): Reply {
  const { bucket, key, headers } = context;
  if (headers['x-amz-acl'] !== undefined) context.requireAllowed('s3:PutObjectAcl', key);
  const objectHeaders = readObjectHeaders(headers, bucket);
  const algorithm = headers['x-amz-checksum-algorithm']?.toLowerCase();
  if (algorithm !== undefined && !isChecksumAlgorithm(algorithm)) {
    throw new S3Error('InvalidRequest', 'Checksum algorithm provided is unsupported.');
  }
  const uploadId = randomBytes(48).toString('base64url');
  bucket.uploads.set(uploadId, {
    uploadId,
    key,
    initiated: new Date(),
    headers: objectHeaders,
    checksumAlgorithm: algorithm,
    parts: new Map(),
  });
  return {
    status: 200,
    headers: { ...describeEncryption(objectHeaders), 'x-amz-checksum-algorithm': algorithm?.toUpperCase() },
    body: toXml(
      'InitiateMultipartUploadResult',
      { Bucket: bucket.name, Key: key, UploadId: uploadId },
      { inNamespace: true },
    ),
  };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export async function uploadPart(context: OperationContext): Promise<Reply> {
  const { bucket, key, query } = context;
  const uploadId = query.uploadId ?? '';
  const partNumber = readPartNumber(query);
  bucket.upload(uploadId, key);
  const body = await context.receiveBody();
  // The upload may have been aborted or completed while the body arrived.
  const upload = bucket.upload(uploadId, key);
  const { checksumAlgorithm } = upload;
  if (checksumAlgorithm && body.checksum?.algorithm !== checksumAlgorithm) {
    throw new S3Error('InvalidRequest', `The upload was begun with ${checksumAlgorithm}, and so must be its parts.`);
  }
  const part: UploadedPart = {
    content: new Content([body.bytes]),
    etag: `"${body.md5.toString('hex')}"`,
    md5: body.md5,
    checksum: body.checksum,
    lastModified: new Date(),
  };
  upload.parts.set(partNumber, part);
  const checksum = body.checksum && { [`x-amz-checksum-${body.checksum.algorithm}`]: body.checksum.value };
  return { status: 200, headers: { etag: part.etag, ...describeEncryption(upload.headers), ...checksum } };
}

/** @throws InvalidArgument */
export function readPartNumber(query: Record<string, string>): number {
  const partNumber = Number(query.partNumber);
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= LAST_PART_NUMBER) return partNumber;
  throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${LAST_PART_NUMBER}`, {
    ArgumentName: 'partNumber',
    ArgumentValue: query.partNumber ?? '',
  });
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export async function completeMultipartUpload(context: OperationContext): Promise<Reply> {
  const { bucket, key, query, headers } = context;
  const uploadId = query.uploadId ?? '';
  bucket.upload(uploadId, key);
  const { bytes } = await context.receiveBody();
  const upload = bucket.upload(uploadId, key);
  const parts = readCompletedParts(bytes.toString(), upload);
  checkWriteConditions(bucket, key, headers);
  const digest = `${md5(Buffer.concat(parts.map((part) => part.md5))).toString('hex')}-${parts.length}`;
  const content = new Content(parts.flatMap((part) => part.content.slice()));
  const object = new S3Object(content, upload.headers, digest, checksumOfParts(upload, parts));
  bucket.uploads.delete(uploadId);
  bucket.objects.set(key, object);
  const result = {
    Location: `http://${headers.host ?? ''}/${bucket.name}/${key}`,
    Bucket: bucket.name,
    Key: key,
    ETag: object.etag,
    ...(object.checksum && {
      [`Checksum${object.checksum.algorithm.toUpperCase()}`]: object.checksum.value,
      ChecksumType: 'COMPOSITE',
    }),
  };
  return {
    status: 200,
    headers: describeEncryption(object),
    body: toXml('CompleteMultipartUploadResult', result, { inNamespace: true }),
  };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export function abortMultipartUpload({ bucket, key, query }: OperationContext): Reply {
  bucket.uploads.delete(bucket.upload(query.uploadId ?? '', key).uploadId);
  return { status: 204 };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export function listMultipartUploads({ bucket, query }: OperationContext): Reply {
  const { prefix = '', 'key-marker': keyMarker = '', 'upload-id-marker': uploadIdMarker } = query;
  const encode = keyEncoder(query);
  const limit = Math.min(Number(query['max-uploads'] ?? MOST_LISTED), MOST_LISTED);
  const wanted = [...bucket.uploads.values()]
    .sort((a, b) => compareUtf8(a.key, b.key) || compareUtf8(a.uploadId, b.uploadId))
    .filter(({ key, uploadId }) => {
      const order = compareUtf8(key, keyMarker);
      const isAfter = order > 0 || (order === 0 && uploadIdMarker !== undefined && uploadId > uploadIdMarker);
      return key.startsWith(prefix) && (keyMarker === '' || isAfter);
    });
  const page = wanted.slice(0, limit);
  const last = page.at(-1);
  const isTruncated = wanted.length > page.length;
  const result = {
    Bucket: bucket.name,
    Prefix: encode(prefix),
    KeyMarker: encode(keyMarker),
    MaxUploads: limit,
    IsTruncated: isTruncated,
    NextKeyMarker: isTruncated && last ? encode(last.key) : undefined,
    NextUploadIdMarker: isTruncated ? last?.uploadId : undefined,
    EncodingType: query['encoding-type'],
    Upload: page.map(({ key, uploadId, initiated, headers }) => ({
      Key: encode(key),
      UploadId: uploadId,
      StorageClass: headers.storageClass,
      Initiated: initiated.toISOString(),
    })),
  };
  return { status: 200, body: toXml('ListMultipartUploadsResult', result, { inNamespace: true }) };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export function listParts({ bucket, key, query }: OperationContext): Reply {
  const upload = bucket.upload(query.uploadId ?? '', key);
  const after = Number(query['part-number-marker'] ?? 0);
  const limit = Math.min(Number(query['max-parts'] ?? MOST_LISTED), MOST_LISTED);
  const wanted = sortedParts(upload).filter(([partNumber]) => partNumber > after);
  const page = wanted.slice(0, limit);
  const isTruncated = wanted.length > page.length;
  const result = {
    Bucket: bucket.name,
    Key: key,
    UploadId: upload.uploadId,
    StorageClass: upload.headers.storageClass,
    PartNumberMarker: after,
    NextPartNumberMarker: isTruncated ? page.at(-1)?.[0] : undefined,
    MaxParts: limit,
    IsTruncated: isTruncated,
    Part: page.map(([partNumber, part]) => ({
      PartNumber: partNumber,
      LastModified: part.lastModified.toISOString(),
      ETag: part.etag,
      Size: part.content.size,
    })),
  };
  return { status: 200, body: toXml('ListPartsResult', result, { inNamespace: true }) };
}

export function sortedParts(upload: MultipartUpload): [partNumber: number, part: UploadedPart][] {
  return [...upload.parts].sort(([a], [b]) => a - b);
}

function readCompletedParts(xml: string, upload: MultipartUpload): UploadedPart[] {
  const listed = parseXml(xml)
    .children.filter((child) => child.name === 'Part')
    .map((element) => ({ element, partNumber: Number(childText(element, 'PartNumber')) }));
  if (listed.length === 0) throw new S3Error('MalformedXML', 'You must specify at least one part');
  if (listed.some(({ partNumber }, index) => partNumber <= (listed[index - 1]?.partNumber ?? 0))) {
    throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order of part numbers.');
  }
  const parts = listed.map(({ element, partNumber }) => findPart(element, partNumber, upload));
  const small = parts.slice(0, -1).find((part) => part.content.size < SMALLEST_PART_BYTES);
  if (!small) return parts;
  throw new S3Error('EntityTooSmall', 'A part that is not the last is smaller than the minimum.', {
    ProposedSize: small.content.size,
    MinSizeAllowed: SMALLEST_PART_BYTES,
    ETag: small.etag,
  });
}

function findPart(element: XmlElement, partNumber: number, upload: MultipartUpload): UploadedPart {
  const part = upload.parts.get(partNumber);
  const etag = childText(element, 'ETag')?.replaceAll('"', '');
  if (!part || part.etag !== `"${etag}"`) {
    throw new S3Error('InvalidPart', 'A part was not uploaded, or its ETag is not the one given.', {
      PartNumber: partNumber,
      ETag: etag ?? '',
    });
  }
  checkPartChecksum(partNumber, part, upload, (algorithm) => childText(element, `Checksum${algorithm}`));
  return part;
}

function checkPartChecksum(
  partNumber: number,
  part: UploadedPart,
  { checksumAlgorithm }: MultipartUpload,
  given: (algorithm: string) => string | undefined,
): void {
  for (const algorithm of checksumAlgorithms) {
    const value = given(algorithm.toUpperCase());
    if (value === undefined && algorithm === checksumAlgorithm) {
      throw new S3Error('InvalidRequest', `The checksum ${algorithm} of part ${partNumber} is missing.`);
    }
    if (value !== undefined && part.checksum?.algorithm === algorithm && part.checksum.value !== value) {
      throw new S3Error('InvalidPart', 'The checksum of a part is not the one given.', { PartNumber: partNumber });
    }
  }
}

function checksumOfParts({ checksumAlgorithm }: MultipartUpload, parts: UploadedPart[]): Checksum | undefined {
  if (!checksumAlgorithm) return undefined;
  const value = compositeChecksum(
    checksumAlgorithm,
    parts.map((part) => part.checksum?.value ?? ''),
  );
  return value === undefined ? undefined : { algorithm: checksumAlgorithm, value };
}
