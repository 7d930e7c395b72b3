import { S3_FORBIDDEN, S3_FULL, S3_MISCONFIGURED, S3_UNREACHABLE } from '../../core/error-codes';
import { asFailure } from '../../ghost-site/adapter-failure';
import { Failure } from '../../shell/failure';
import type { FeatureLocation } from './feature-location';

/** The adapter's error codes that would affect all other files, too. */
const FATAL_CODES = new Set([S3_FORBIDDEN, S3_FULL, S3_MISCONFIGURED, S3_UNREACHABLE]);

/** Disk errors that would affect all other files, too, with their fixes. */
const DISK_PROBLEMS: Record<string, [problem: string, cure: string]> = {
  ENOSPC: ['The disk is full', 'Free up space on it'],
  EDQUOT: ["This user's disk quota is used up", 'Free up space'],
  EROFS: ['The disk is read-only', 'Mount it as writable, or choose another folder with --content'],
};

/** Returns a Failure for a disk error that would affect all other files, too; undefined for other errors. */
export function diskFailure(error: unknown, place?: string): Failure | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  const known = DISK_PROBLEMS[code];
  return (
    known &&
    new Failure(
      `${known[0]} (${code})${place === undefined ? '' : `: ${place}`}.`,
      `${known[1]}, then run the same command again. It does not download existing files again.`,
      { cause: error },
    )
  );
}

/**
 * Explains why a file could not be transferred.
 *
 * @param error from the SDK, the adapter or the disk
 * @throws Failure for an error that would affect all other files, too: a missing permission, a wrong region, a full
 *   disk
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
