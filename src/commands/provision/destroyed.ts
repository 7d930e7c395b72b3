import { deleteBucket } from './bucket';
import type { Session } from './session';
import type { Stack } from '../../aws/stack-state';

/** The result of `provision destroy`. */
export interface Destroyed {
  /** Undefined when there was neither a stack nor its leftovers. */
  stackName?: string;
  /** The bucket that was kept, with its content. */
  keptBucket?: string;
  deletedBucket?: string;
  /** ARN of the certificate. It is always kept, because it is free and something else may use it. */
  keptCertificate?: string;
  /** The record at another DNS provider that still points to the deleted distribution. */
  danglingRecord?: string;
}

/** Deletes the bucket if the user wants that, and returns the result for a deleted stack. */
export async function destroyed(
  { aws, terminal }: Session,
  { name: stackName, parameters }: Stack,
  { bucket, withBucket, danglingRecord }: { bucket?: string; withBucket: boolean; danglingRecord?: string },
): Promise<Destroyed> {
  const rest = { stackName, keptCertificate: parameters.CertificateArn, danglingRecord };
  if (!bucket || !withBucket) {
    return { ...rest, keptBucket: bucket };
  }
  await terminal.step(`Deleting the bucket ${bucket}`, ({ progress }) =>
    deleteBucket(aws, bucket, (count) => progress(`${count} objects and versions`)),
  );
  return { ...rest, deletedBucket: bucket };
}

/**
 * Asks twice whether to delete the bucket.
 *
 * @returns false also without a bucket
 */
export async function wantsBucketDeleted({ terminal }: Session, bucket: string | undefined): Promise<boolean> {
  if (bucket === undefined) {
    return false;
  }
  const questions = [
    `To delete the bucket as well, with every file of the blog in it, type its name, ${bucket} (Enter keeps it):`,
    'This cannot be undone. Type the name again to delete the bucket (Enter keeps it):',
  ];
  for (const question of questions) {
    if ((await terminal.type(question)).trim() !== bucket) {
      return false;
    }
  }
  return true;
}
