import { FILE_NOT_FOUND, PATH_REFUSED, S3_UNREACHABLE, TOO_MANY_OPEN_FILES } from '../core/error-codes';
import { errors, logging } from '../core/ghost-host';

/** How long (ms) an error is not logged again. In an outage, every visitor gets the same one. */
const SILENCE_MS = 60_000;

/** The fields of a Ghost error that are used here. */
interface ExplainedError extends Error {
  code?: string | null;
  statusCode?: number;
  context?: string;
  help?: string;
}

/** When an error with a code was logged, and how often it has occurred since. */
const logged = new Map<string, { at: number; more: number }>();

/**
 * Logs an error that a visitor got, and returns the one to show: without the bucket, the endpoint and permissions,
 * which visitors need not know. A missing file and an invalid path are returned unchanged.
 *
 * @param error a Ghost error
 * @returns an error with the status 503 for a problem that may be over soon, and 502 for everything else
 */
export function errorForVisitors(error: unknown): ExplainedError {
  const explained = error as ExplainedError;
  const code = explained.code ?? '';
  if (code === FILE_NOT_FOUND || code === PATH_REFUSED) {
    return explained;
  }
  logOnceInAWhile(code, explained);
  const statusCode = code === S3_UNREACHABLE || code === TOO_MANY_OPEN_FILES ? 503 : 502;
  const message = 'The file cannot be delivered at the moment.';
  return new errors.InternalServerError({ message, code, statusCode });
}

function logOnceInAWhile(code: string, { message, help, context }: ExplainedError): void {
  const before = logged.get(code);
  const now = Date.now();
  if (before && now - before.at < SILENCE_MS) {
    before.more += 1;
    return;
  }
  logged.set(code, { at: now, more: 0 });
  const parts = ['S3CloudFrontStorage:', message, help, context && `(${context})`].filter(Boolean);
  logging.error(
    `${parts.join(' ')}${before?.more ? ` Visitors got this error ${before.more} more times since it was last logged.` : ''}`,
  );
}
