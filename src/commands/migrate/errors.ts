import { S3_FORBIDDEN, S3_FULL, S3_MISCONFIGURED, S3_UNREACHABLE } from '../../core/error-codes';
import { asFailure } from '../../ghost-site/adapter-failure';
import { Failure } from '../../shell/failure';
import type { FeatureLocation } from './feature-location';

/** The adapter's error codes that all other files would meet, too. */
const FATAL_CODES = new Set([S3_FORBIDDEN, S3_FULL, S3_MISCONFIGURED, S3_UNREACHABLE]);

/** Errors of the disk that all other files would meet, too, with what to do. */
const DISK_PROBLEMS: Record<string, [problem: string, cure: string]> = {
  ENOSPC: ['The disk is full', 'Make room on it'],
  EDQUOT: ["This user's quota of the disk is used up", 'Make room'],
  EROFS: ['The disk is read-only', 'Mount it so that it can be written to, or name another folder with --content'],
};

/** Returns a Failure for an error of the disk that all other files would meet, too; undefined for other errors. */
export function diskFailure(error: unknown, place?: string): Failure | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  const known = DISK_PROBLEMS[code];
  return (
    known &&
    new Failure(
      `${known[0]} (${code})${place === undefined ? '' : `: ${place}`}.`,
      `${known[1]}, and run the same command again: files that are there already are not downloaded again.`,
      { cause: error },
    )
  );
}

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
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  const failure = diskFailure(error, path);
  if (failure) {
    throw failure;
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
