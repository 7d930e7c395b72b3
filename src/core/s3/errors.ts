import { asForeign, NETWORK_CODES, PASSING_NETWORK_CODES, statusOf } from '../foreign-error';

/** S3's own word for what went wrong. The SDK puts it in `name` or in `Code`; an answer without a body has neither. */
export function codeOf(error: unknown): string {
  const { name, Code, code } = asForeign(error);
  // The SDK calls a connection that was reset a TimeoutError too.
  if (code && NETWORK_CODES.includes(code)) {
    return code;
  }
  const known = [Code, name].find(
    (value) => value && value !== 'Error' && value !== 'Unknown' && value !== 'UnknownError',
  );
  return known ?? code ?? 'Unknown';
}

/** How often a request was sent. */
export function attemptsOf(outcome: unknown): number {
  return asForeign(outcome).$metadata?.attempts ?? 1;
}

/** Whether S3 says that the object does not exist. A missing bucket is something else, where S3 tells. */
export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404 && codeOf(error) !== 'NoSuchBucket';
}

/** Another upload has got the key, as was found out without S3 refusing a write. */
export class TakenError extends Error {}

/**
 * Whether a conditional write was refused because the key is taken. 409 is S3's answer to two conditional writes of one
 * key at the same moment: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function isTaken(error: unknown): boolean {
  const status = statusOf(error);
  return (
    error instanceof TakenError || status === 412 || (status === 409 && codeOf(error) === 'ConditionalRequestConflict')
  );
}

/**
 * Whether this may be the refusal of a second attempt because the first one worked, of which only the answer was lost:
 * the key is taken then, by the very upload, or the multipart upload is completed already.
 */
export function isRepeatedAfterSuccess(error: unknown): boolean {
  return attemptsOf(error) > 1 && (isTaken(error) || isNoSuchUpload(error));
}

/** Whether S3 may have done what was asked for although the request has failed: only its answer was lost then. */
export function mayBeCarriedOut(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  return attemptsOf(error) > 1 || status < 400 || status >= 500;
}

/** Whether another attempt may succeed after a pause: S3 throttles or fails, or the connection broke. */
export function isTransient(error: unknown): boolean {
  const { name = '', code = '', Code = '', message = '' } = asForeign(error);
  const status = statusOf(error) ?? 0;
  const words = [...PASSING_NETWORK_CODES, 'ERR_STREAM_PREMATURE_CLOSE', 'RequestTimeout', 'SlowDown', 'TimeoutError'];
  return (
    status === 429 ||
    (status >= 500 && status !== 501) ||
    [name, code, Code].some((word) => words.includes(word)) ||
    // A response that broke off in the middle.
    message === 'aborted'
  );
}

/** Whether S3 no longer takes the session token that a request was signed with. */
export function isExpiredToken(error: unknown): boolean {
  return codeOf(error) === 'ExpiredToken';
}

/** Whether S3 refuses a request to who has made it. */
export function isForbidden(error: unknown): boolean {
  return statusOf(error) === 403;
}

/** Whether the provider does not know conditional writes. */
export function isNotImplemented(error: unknown): boolean {
  return statusOf(error) === 501;
}

/** Whether a multipart upload is no longer there: aborted, or completed already. */
export function isNoSuchUpload(error: unknown): boolean {
  return codeOf(error) === 'NoSuchUpload';
}

/**
 * Whether a multipart upload is gone though nobody has completed it, or lacks a part that was sent: by another program
 * that cleans up, or by an ETag that was garbled on the way.
 */
export function isForgotten(error: unknown): boolean {
  return codeOf(error) === 'InvalidPart' || (isNoSuchUpload(error) && !isRepeatedAfterSuccess(error));
}

/** The HTTP status of what S3 answered to a conditional or ranged read that has no body to send: 304, 412 or 416. */
export function conditionalReadStatus(error: unknown): 304 | 412 | 416 | undefined {
  const status = statusOf(error);
  return status === 304 || status === 412 || status === 416 ? status : undefined;
}

/** Whether S3 refused without a word of why, as it does every HEAD: neither absent nor an answer to a condition. */
export function isUnexplained(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status !== 404 && !conditionalReadStatus(error) && codeOf(error) === 'Unknown';
}

export function regionOf(error: unknown): string | undefined {
  const { Region, $response } = asForeign(error);
  return Region ?? $response?.headers?.['x-amz-bucket-region'];
}
