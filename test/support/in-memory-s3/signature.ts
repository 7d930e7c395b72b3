import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { User } from './authorization';
import { S3Error } from './s3-error';
import { decodeQuery, uriDecode, uriEncode, uriEncodePath } from './uri-encoding';

/** The signed parts of a request. */
export interface SignedRequest {
  method: string;
  /** Path and query, unchanged. */
  url: string;
  headers: Record<string, string>;
}

/** A request's claims about its signature, not yet verified. */
export interface Signature {
  isPresigned: boolean;
  accessKeyId: string;
  /** `YYYYMMDD/region/s3/aws4_request` */
  scope: string;
  region: string;
  signedHeaders: string[];
  signature: string;
  /** `YYYYMMDDTHHMMSSZ` */
  timestamp: string;
  /** How long (s) a presigned URL is valid. */
  expiresSeconds?: number;
  /** The value of `x-amz-content-sha256`. */
  payloadHash: string;
  sessionToken?: string;
}

/** The values that sign the chunks of a streamed body. */
export interface ChunkSigner {
  /** The signature that precedes the first chunk's. */
  seed: string;
  sign(stringToSign: string): string;
  timestamp: string;
  scope: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const LARGEST_SKEW_MS = 15 * 60 * 1000;
const LONGEST_PRESIGNED_SECONDS = 7 * 24 * 60 * 60;

/**
 * Reads the Authorization header or the parameters of a presigned URL.
 *
 * @returns undefined for an anonymous request
 * @throws AuthorizationHeaderMalformed, AuthorizationQueryParametersError, InvalidRequest
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export function readSignature(request: SignedRequest): Signature | undefined {
  const query = new Map(decodeQuery(queryOf(request.url)));
  if (query.has('X-Amz-Algorithm')) return readPresigned(query, request.headers);
  const authorization = request.headers.authorization;
  return authorization === undefined ? undefined : readHeader(authorization, request.headers);
}

/**
 * Verifies a signature with the keys of the user that it names.
 *
 * @returns the values to verify signed chunks with
 * @throws InvalidToken, ExpiredToken, RequestTimeTooSkewed, AccessDenied, SignatureDoesNotMatch
 */
export function verifySignature(signature: Signature, request: SignedRequest, user: User, now: Date): ChunkSigner {
  verifyToken(signature, user, now);
  verifyTime(signature, now);
  verifyHeadersAreSigned(signature, request);
  const { timestamp, scope } = signature;
  const key = scope
    .split('/')
    .reduce<Buffer | string>((previous, part) => hmac(previous, part), `AWS4${user.credentials.secretAccessKey}`);
  const sign = (stringToSign: string) => hmac(key, stringToSign).toString('hex');
  const canonical = canonicalRequest(signature, request);
  const expected = sign([ALGORITHM, timestamp, scope, sha256(Buffer.from(canonical, 'latin1'))].join('\n'));
  if (!isSameSignature(expected, signature.signature)) {
    throw new S3Error('SignatureDoesNotMatch', 'The signature is not the one that this key gives for this request.', {
      AWSAccessKeyId: signature.accessKeyId,
      SignatureProvided: signature.signature,
      CanonicalRequest: canonical,
    });
  }
  return { seed: expected, sign, timestamp, scope };
}

export function isSameSignature(expected: string, actual: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(actual)];
  return a.length === b.length && timingSafeEqual(a, b);
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function readHeader(authorization: string, headers: Record<string, string>): Signature {
  if (authorization.split(' ', 1)[0] !== ALGORITHM) {
    throw new S3Error('InvalidRequest', `The authorization mechanism is not supported. Use ${ALGORITHM}.`);
  }
  const fields = new Map(
    authorization
      .slice(ALGORITHM.length + 1)
      .split(',')
      .map((field) => splitAt(field.trim(), '=')),
  );
  const { Credential, SignedHeaders, Signature } = Object.fromEntries(fields);
  const timestamp = headers['x-amz-date'] ?? isoBasic(headers.date);
  if (!Credential || !SignedHeaders || !Signature) {
    throw headerMalformed('The authorization header lacks Credential, SignedHeaders or Signature.');
  }
  if (!timestamp) throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  const payloadHash = headers['x-amz-content-sha256'];
  if (!payloadHash) throw new S3Error('InvalidRequest', 'Missing required header: x-amz-content-sha256');
  return {
    isPresigned: false,
    ...readCredential(Credential, timestamp, headerMalformed),
    signedHeaders: SignedHeaders.split(';'),
    signature: Signature,
    timestamp,
    payloadHash,
    sessionToken: headers['x-amz-security-token'],
  };
}

function readPresigned(query: Map<string, string>, headers: Record<string, string>): Signature {
  const malformed = (message: string) => new S3Error('AuthorizationQueryParametersError', message);
  const required = (name: string) => {
    const value = query.get(name);
    if (!value) throw malformed(`A presigned URL must have ${name}.`);
    return value;
  };
  if (required('X-Amz-Algorithm') !== ALGORITHM) throw malformed(`X-Amz-Algorithm only supports ${ALGORITHM}.`);
  const timestamp = required('X-Amz-Date');
  const expiresSeconds = Number(required('X-Amz-Expires'));
  if (!(expiresSeconds >= 0 && expiresSeconds <= LONGEST_PRESIGNED_SECONDS)) {
    throw malformed(`X-Amz-Expires must be between 0 and ${LONGEST_PRESIGNED_SECONDS} seconds.`);
  }
  return {
    isPresigned: true,
    ...readCredential(required('X-Amz-Credential'), timestamp, malformed),
    signedHeaders: required('X-Amz-SignedHeaders').split(';'),
    signature: required('X-Amz-Signature'),
    timestamp,
    expiresSeconds,
    payloadHash: query.get('X-Amz-Content-Sha256') ?? headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD',
    sessionToken: query.get('X-Amz-Security-Token'),
  };
}

function readCredential(
  credential: string,
  timestamp: string,
  malformed: (message: string) => S3Error,
): Pick<Signature, 'accessKeyId' | 'scope' | 'region'> {
  const parts = credential.split('/');
  const [date, region, service, terminator] = parts.slice(-4);
  if (parts.length < 5 || region === undefined || service !== 's3' || terminator !== 'aws4_request') {
    throw malformed('The credential must be of the form KEY/YYYYMMDD/REGION/s3/aws4_request.');
  }
  if (date !== timestamp.slice(0, 8)) throw malformed(`The date "${date}" of the credential is not the request's.`);
  return { accessKeyId: parts.slice(0, -4).join('/'), scope: parts.slice(-4).join('/'), region };
}

function verifyToken({ sessionToken }: Signature, { credentials }: User, now: Date): void {
  if (sessionToken === credentials.sessionToken) {
    if (credentials.expiresAt && now > credentials.expiresAt) {
      throw new S3Error('ExpiredToken', 'The provided token has expired.');
    }
    return;
  }
  if (sessionToken === undefined) {
    throw new S3Error('InvalidAccessKeyId', 'These temporary credentials do not exist without their token.', {
      AWSAccessKeyId: credentials.accessKeyId,
    });
  }
  throw new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid.');
}

function verifyTime({ isPresigned, timestamp, expiresSeconds = 0 }: Signature, now: Date): void {
  const signedAt = parseTimestamp(timestamp);
  if (signedAt === undefined) throw new S3Error('AccessDenied', 'The date of the signature is not a date.');
  const ageMs = now.getTime() - signedAt;
  if (isPresigned ? ageMs < -LARGEST_SKEW_MS : Math.abs(ageMs) > LARGEST_SKEW_MS) {
    throw new S3Error('RequestTimeTooSkewed', 'The time of the request and the time here are too far apart.', {
      RequestTime: timestamp,
      ServerTime: now.toISOString(),
      MaxAllowedSkewMilliseconds: LARGEST_SKEW_MS,
    });
  }
  if (isPresigned && ageMs > expiresSeconds * 1000) {
    throw new S3Error('AccessDenied', 'Request has expired', { 'X-Amz-Expires': expiresSeconds });
  }
}

function verifyHeadersAreSigned({ signedHeaders }: Signature, { headers }: SignedRequest): void {
  const unsigned = Object.keys(headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  );
  if (unsigned.length > 0) {
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
      HeadersNotSigned: unsigned.join(', '),
    });
  }
}

function canonicalRequest(signature: Signature, { method, url, headers }: SignedRequest): string {
  const path = url.split('?', 1)[0] ?? '';
  const query = decodeQuery(queryOf(url))
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compareAscii(nameA, nameB) || compareAscii(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`);
  const canonicalHeaders = signature.signedHeaders.map(
    (name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`,
  );
  return [
    method,
    uriEncodePath(uriDecode(path)),
    query.join('&'),
    canonicalHeaders.join(''),
    signature.signedHeaders.join(';'),
    signature.payloadHash,
  ].join('\n');
}

function queryOf(url: string): string {
  return splitAt(url, '?')[1];
}

function splitAt(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + separator.length)];
}

function compareAscii(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isoBasic(httpDate: string | undefined): string | undefined {
  const time = Date.parse(httpDate ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

function parseTimestamp(timestamp: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (!parts) return undefined;
  const [year = 0, month = 0, ...rest] = parts.slice(1).map(Number);
  return Date.UTC(year, month - 1, ...rest);
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function headerMalformed(message: string): S3Error {
  return new S3Error('AuthorizationHeaderMalformed', message);
}
