import { S3_FORBIDDEN, S3_FULL, S3_MISCONFIGURED, S3_UNREACHABLE } from '../../core/error-codes';
import { asFailure } from '../../ghost-site/adapter-failure';
import { Failure } from '../../shell/failure';
import type { FeatureLocation } from './feature-location';

/** The adapter's error codes that all other files would meet, too. */
const FATAL_CODES = new Set([S3_FORBIDDEN, S3_FULL, S3_MISCONFIGURED, S3_UNREACHABLE]);

/** The disk or the user's quota is full. */
const DISK_FULL_CODES = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Explains why a file could not be transferred.
 *
 * @param error from the SDK, the adapter or the disk
 * @throws Failure for an error that all other files would meet, too: a missing permission, a wrong region, a full disk
 */
export function explainOrThrow(
  error: unknown,
  { bucket }: FeatureLocation,
  operation: Parameters<typeof bucket.explain>[1],
  key: string,
): string {
  const { code = '', syscall, path } = error as NodeJS.ErrnoException;
  if (DISK_FULL_CODES.has(code)) {
    throw new Failure(
      `The disk is full (${code}).`,
      'Make room, and run the same command again: what is there already is not fetched twice.',
    );
  }
  if (syscall !== undefined && path !== undefined) {
    return `${path}: ${code}`;
  }
  const explained = bucket.explain(error, operation, key) as Error & { code?: string; help?: string; context?: string };
  if (FATAL_CODES.has(explained.code ?? '')) {
    throw asFailure(explained);
  }
  return explained.message;
}
