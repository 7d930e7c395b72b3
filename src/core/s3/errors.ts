import { asForeign, NETWORK_CODES, PASSING_NETWORK_CODES, statusOf } from '../foreign-error';

/** Thrown when another upload has taken the key, and S3 did not refuse the write itself. */
export class TakenError extends Error {}

/** Returns S3's or Node's code of an error. The SDK puts S3's in `name` or `Code`; a response without a body has none. */
export function codeOf(error: unknown): string {
  const { name, Code, code } = asForeign(error);
  // The SDK also calls a connection reset a TimeoutError.
  if (code && NETWORK_CODES.includes(code)) {
    return code;
  }
  const known = [Code, name].find(
    (value) => value && value !== 'Error' && value !== 'Unknown' && value !== 'UnknownError',
  );
  return known ?? code ?? 'Unknown';
}

/** Returns the region of the bucket when S3 names it in its response. */
export function regionOf(error: unknown): string | undefined {
  const { Region, $response } = asForeign(error);
  return Region ?? $response?.headers?.['x-amz-bucket-region'];
}

/** Returns how often a request was sent, according to its error or its response. */
export const attemptsOf = (outcome: unknown): number => asForeign(outcome).$metadata?.attempts ?? 1;

/** Returns whether it is one of Ghost's errors, which explains itself. */
export const isGhostError = (error: unknown) => error instanceof Error && 'errorType' in error;

/** Returns whether the object does not exist. A missing bucket, account or project is another error, if S3 tells. */
export const isNotFound = (error: unknown) =>
  statusOf(error) === 404 && !/^NoSuch(?!Key|Version|Object)/.test(codeOf(error));

/** Returns whether the session token of a request has expired. */
export const isExpiredToken = (error: unknown) => codeOf(error) === 'ExpiredToken';

/** Returns whether the credentials lack a permission. */
export const isForbidden = (error: unknown) => statusOf(error) === 403;

/** Returns whether the service does not implement the request, such as a conditional write. */
export const isNotImplemented = (error: unknown) => statusOf(error) === 501;

/** Returns whether a multipart upload does not exist any more, because it was aborted or completed. */
export const isNoSuchUpload = (error: unknown) => codeOf(error) === 'NoSuchUpload';

/**
 * Returns whether a conditional write was refused because the key is taken. S3 answers 409 to simultaneous conditional
 * writes of the same key: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function isTaken(error: unknown): boolean {
  const status = statusOf(error);
  return (
    error instanceof TakenError || status === 412 || (status === 409 && codeOf(error) === 'ConditionalRequestConflict')
  );
}

/**
 * Returns whether a repeated request may have failed because an earlier attempt succeeded and only its response was
 * lost. Then this same upload has taken the key, or the multipart upload is already complete.
 */
export function isRepeatedAfterSuccess(error: unknown): boolean {
  return attemptsOf(error) > 1 && (isTaken(error) || isNoSuchUpload(error));
}

/**
 * Returns whether a multipart upload is gone although it was not completed, or lacks a part that was sent: another program
 * cleaned up, or an ETag was garbled in transit.
 */
export function isForgotten(error: unknown): boolean {
  return codeOf(error) === 'InvalidPart' || (isNoSuchUpload(error) && !isRepeatedAfterSuccess(error));
}

/** Returns whether S3 may have carried out a request that failed, because only the response was lost. */
export function mayBeCarriedOut(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  return attemptsOf(error) > 1 || status < 400 || status >= 500;
}

/** Returns whether another attempt may succeed after a pause: S3 throttles or fails, or the connection broke. */
export function isTransient(error: unknown): boolean {
  const { name = '', code = '', Code = '', message = '' } = asForeign(error);
  const status = statusOf(error) ?? 0;
  const words = [...PASSING_NETWORK_CODES, 'ERR_STREAM_PREMATURE_CLOSE', 'RequestTimeout', 'SlowDown', 'TimeoutError'];
  return (
    status === 429 ||
    (status >= 500 && status !== 501) ||
    [name, code, Code].some((word) => words.includes(word)) ||
    // The response was cut off in the middle.
    message === 'aborted'
  );
}

/** Returns the status of a response to a conditional or ranged read that has no body: 304, 412 or 416. */
export function conditionalReadStatus(error: unknown): 304 | 412 | 416 | undefined {
  const status = statusOf(error);
  return status === 304 || status === 412 || status === 416 ? status : undefined;
}

/** Returns whether S3 refused a request without a reason, as it refuses every HEAD. */
export function isUnexplained(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status !== 404 && !conditionalReadStatus(error) && codeOf(error) === 'Unknown';
}
