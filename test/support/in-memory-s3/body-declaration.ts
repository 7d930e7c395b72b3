import { constants } from 'node:buffer';
import { type ChecksumAlgorithm, checksumAlgorithms, checksumLength, isChecksumAlgorithm } from './checksums';
import { S3Error } from './s3-error';

/** The headers' description of the body. */
export interface BodyDeclaration {
  /** Size of the payload in bytes, without frames. */
  length: number;
  isAwsChunked: boolean;
  areChunksSigned: boolean;
  /** Hexadecimal. */
  sha256?: string;
  md5?: Buffer;
  /** Has no value if that is in a trailer. */
  checksum?: { algorithm: ChecksumAlgorithm; value?: string };
}

const streamingPayloads: Record<string, { signed: boolean; trailer: boolean }> = {
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { signed: false, trailer: true },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { signed: true, trailer: true },
};

/**
 * @param headers lower-case names
 * @param payloadHash `x-amz-content-sha256`, from the header or a presigned URL; undefined when anonymous
 * @throws MissingContentLength, NotImplemented, EntityTooLarge, InvalidDigest, InvalidRequest, InvalidArgument
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export function readBodyDeclaration(
  headers: Record<string, string>,
  payloadHash = 'UNSIGNED-PAYLOAD',
): BodyDeclaration {
  const streaming = streamingPayloads[payloadHash];
  const sha256 = /^[0-9a-f]{64}$/.test(payloadHash) ? payloadHash : undefined;
  if (!streaming && !sha256 && payloadHash !== 'UNSIGNED-PAYLOAD') {
    throw new S3Error('InvalidArgument', 'x-amz-content-sha256 must be a SHA-256, UNSIGNED-PAYLOAD or STREAMING-*.');
  }
  return {
    length: readLength(headers, streaming !== undefined),
    isAwsChunked: streaming !== undefined,
    areChunksSigned: streaming?.signed === true,
    sha256,
    md5: readMd5(headers['content-md5']),
    checksum: streaming?.trailer ? readTrailerName(headers) : readChecksum(headers),
  };
}

function readLength(headers: Record<string, string>, isAwsChunked: boolean): number {
  if (!isAwsChunked && headers['transfer-encoding'] !== undefined) {
    throw new S3Error('NotImplemented', 'A header you provided implies functionality that is not implemented', {
      Header: 'Transfer-Encoding',
    });
  }
  const length = headers[isAwsChunked ? 'x-amz-decoded-content-length' : 'content-length'];
  if (length === undefined || !/^\d+$/.test(length)) {
    throw new S3Error('MissingContentLength', 'The length of the body must be given.');
  }
  // S3 allows 5 GiB per request, which is more than fits into a Buffer.
  if (Number(length) > constants.MAX_LENGTH) throw new S3Error('EntityTooLarge', 'The body is too large.');
  return Number(length);
}

function readMd5(header: string | undefined): Buffer | undefined {
  if (header === undefined) return undefined;
  const md5 = Buffer.from(header, 'base64');
  if (md5.length !== 16) throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not valid.');
  return md5;
}

function readChecksum(headers: Record<string, string>): BodyDeclaration['checksum'] {
  const found = checksumAlgorithms.filter((algorithm) => headers[`x-amz-checksum-${algorithm}`] !== undefined);
  const [algorithm] = found;
  if (found.length > 1) throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header.');
  if (algorithm === undefined) {
    if (headers['x-amz-sdk-checksum-algorithm'] === undefined) return undefined;
    throw new S3Error('InvalidRequest', 'x-amz-sdk-checksum-algorithm is given, but no checksum header or trailer.');
  }
  const value = headers[`x-amz-checksum-${algorithm}`] ?? '';
  assertChecksumForm(algorithm, value);
  return { algorithm, value };
}

function readTrailerName(headers: Record<string, string>): BodyDeclaration['checksum'] {
  const algorithm = headers['x-amz-trailer']
    ?.trim()
    .toLowerCase()
    .replace(/^x-amz-checksum-/, '');
  if (algorithm === undefined) return undefined;
  if (isChecksumAlgorithm(algorithm)) return { algorithm };
  throw new S3Error('InvalidRequest', 'The value of x-amz-trailer is not the name of a checksum.');
}

/** @throws InvalidRequest if the text is not a valid value of the algorithm */
export function assertChecksumForm(algorithm: ChecksumAlgorithm, value: string): void {
  if (Buffer.from(value, 'base64').length !== checksumLength(algorithm)) {
    throw new S3Error('InvalidRequest', `Value for x-amz-checksum-${algorithm} is invalid.`);
  }
}
