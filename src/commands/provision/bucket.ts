import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type LifecycleRule,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { statusOf } from '../../core/foreign-error';
import { Failure } from '../../shell/failure';
import type { Aws } from '../../aws/sign-in';
import { absentIf } from '../../aws/errors';
import type { Problem } from './problem';

/** Whether a bucket name is taken in the account, and the problems with it. */
export interface BucketState {
  /** Whether the account already has that bucket. */
  exists: boolean;
  problems: Problem[];
}

/**
 * Checks whether the stack can create a bucket with this name, or import an existing one.
 *
 * @param statements statements of the template's bucket policy as JSON, for the user to add to an existing policy
 */
export async function checkBucket(aws: Aws, name: string, statements: string): Promise<BucketState> {
  const { s3, region } = aws;
  let bucketRegion: string | undefined;
  try {
    ({ BucketRegion: bucketRegion } = await s3.send(new HeadBucketCommand({ Bucket: name })));
  } catch (error) {
    // A denial is already explained, with S3's own error as its cause.
    const status = statusOf(error instanceof Failure ? error.cause : error);
    if (status === 404) {
      return { exists: false, problems: [] };
    }
    if (status === 403) {
      return refused(
        `The bucket ${name} exists, but ${aws.callerArn} has no access to it.`,
        'It may belong to someone else, since bucket names are unique worldwide. Choose another --bucket, or leave it out for a generated name. If the bucket is yours, allow s3:ListBucket on it.',
      );
    }
    throw error;
  }
  if (bucketRegion && bucketRegion !== region) {
    return refused(
      `The bucket ${name} is in ${bucketRegion}, but the stack is in ${region}.`,
      `Run the command with --region ${bucketRegion}, or choose another --bucket.`,
    );
  }
  if (await readPolicy(s3, name)) {
    return refused(
      `The bucket ${name} has a bucket policy, which the stack would replace.`,
      `Choose another --bucket. To use this one, build the rest by hand (see "An existing bucket" in docs/aws-by-hand.md), and add these statements to its policy:\n${statements}`,
    );
  }
  const harm = await harmOf(s3, name);
  if (harm) {
    return refused(
      `The bucket ${name} ${harm[0]}`,
      `Choose another --bucket, or ${harm[1]} and run the command again.`,
    );
  }
  const differences = await differencesFromTemplate(s3, name);
  if (differences.length > 0) {
    return refused(
      `The bucket ${name} exists, but its settings differ from the template: ${differences.join(', ')}. CloudFormation would not change them.`,
      'Choose another --bucket, or change the settings of this one as in "The bucket" in docs/aws-by-hand.md, and run the command again.',
    );
  }
  return { exists: true, problems: [] };
}

/** Returns the bucket setting that would make images unavailable, and its fix. */
async function harmOf(s3: S3Client, Bucket: string): Promise<[problem: string, fix: string] | undefined> {
  const encryption = await absentIf(['ServerSideEncryptionConfigurationNotFoundError'], () =>
    s3.send(new GetBucketEncryptionCommand({ Bucket })),
  );
  const { Rules = [] } = encryption?.ServerSideEncryptionConfiguration ?? {};
  const [algorithm] = Rules.map((rule) => rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? '').filter((name) =>
    name.startsWith('aws:kms'),
  );
  if (algorithm) {
    return [
      `is encrypted with a KMS key (${algorithm}) that CloudFront is not allowed to use. Every image would return 403.`,
      'set its default encryption to AES256 (files that were stored with the KMS key must be stored again)',
    ];
  }
  const rule = (await lifecycleRules(s3, Bucket)).find(
    (candidate) => isEnabled(candidate) && takesFilesAway(candidate),
  );
  return (
    rule && [
      `has a lifecycle rule ("${rule.ID ?? 'without a name'}") that deletes or archives files that the blog still shows.`,
      'remove this rule, or limit it to other files',
    ]
  );
}

/** Returns the differences between a bucket's settings and the template's, as text. */
async function differencesFromTemplate(s3: S3Client, Bucket: string): Promise<string[]> {
  const [access, ownership, versioning, rules] = await Promise.all([
    absentIf(['NoSuchPublicAccessBlockConfiguration'], () => s3.send(new GetPublicAccessBlockCommand({ Bucket }))),
    absentIf(['OwnershipControlsNotFoundError'], () => s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))),
    s3.send(new GetBucketVersioningCommand({ Bucket })),
    lifecycleRules(s3, Bucket),
  ]);
  const blocks = Object.values(access?.PublicAccessBlockConfiguration ?? {});
  const owner = ownership?.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
  const abortsUploads = rules.some(
    (rule) => rule.AbortIncompleteMultipartUpload && isEnabled(rule) && prefixOf(rule) === '',
  );
  return [
    ...(blocks.length === 4 && blocks.every(Boolean) ? [] : ['public access is not blocked']),
    ...(owner === 'BucketOwnerEnforced' ? [] : ['ACLs are enabled']),
    ...(versioning.Status === 'Enabled' ? [] : ['versioning is off']),
    ...(abortsUploads ? [] : ['unfinished uploads are never removed']),
  ];
}

async function lifecycleRules(s3: S3Client, Bucket: string): Promise<LifecycleRule[]> {
  const answer = await absentIf(['NoSuchLifecycleConfiguration'], () =>
    s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
  );
  return answer?.Rules ?? [];
}

const isEnabled = ({ Status }: LifecycleRule) => Status === 'Enabled';

const prefixOf = ({ Prefix, Filter }: LifecycleRule) => Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '';

/** Returns whether a rule deletes or archives current versions of Ghost's files. */
function takesFilesAway(rule: LifecycleRule): boolean {
  const { Expiration, Transitions = [], Filter } = rule;
  const expires = Expiration?.Days !== undefined || Expiration?.Date !== undefined;
  const archives = Transitions.some(
    ({ StorageClass }) => StorageClass === 'GLACIER' || StorageClass === 'DEEP_ARCHIVE',
  );
  // Ghost does not set tags.
  const isByTag = Filter?.Tag !== undefined || (Filter?.And?.Tags ?? []).length > 0;
  const prefix = prefixOf(rule);
  const concernsGhost = prefix === '' || 'content/'.startsWith(prefix) || prefix.includes('content/');
  return (expires || archives) && !isByTag && concernsGhost;
}

const refused = (cause: string, cure: string): BucketState => ({
  exists: true,
  problems: [{ check: 'bucket', refuses: true, cause, cure }],
});

/**
 * Returns whether a bucket that a deleted stack left behind still exists and is unused. A bucket with a policy may
 * belong to another image server by now.
 */
export async function isLeftAlone({ s3 }: Aws, Bucket: string): Promise<boolean> {
  const bucket = await absentIf(['NoSuchBucket'], async () => ({ policy: await readPolicy(s3, Bucket) }));
  return bucket !== undefined && !bucket.policy;
}

async function readPolicy(s3: S3Client, Bucket: string): Promise<string | undefined> {
  const answer = await absentIf(['NoSuchBucketPolicy'], () => s3.send(new GetBucketPolicyCommand({ Bucket })));
  return answer?.Policy;
}

/**
 * Deletes a bucket with all objects and their versions.
 *
 * @param onProgress called with the number of objects and versions deleted so far
 */
export async function deleteBucket({ s3 }: Aws, name: string, onProgress: (count: number) => void): Promise<void> {
  let count = 0;
  for (;;) {
    // Always the first page, since its content is deleted before the next look.
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: name }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) {
      break;
    }
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket: name, Delete: { Objects, Quiet: true } }));
    const [first] = Errors;
    if (first) {
      throw new Failure(
        `S3 did not delete ${first.Key} in the bucket ${name}: ${first.Code} ${first.Message}`,
        'Allow s3:DeleteObjectVersion on the bucket, or empty it in the S3 console (Empty). The stack is already deleted; run the command again to delete the rest of the bucket.',
      );
    }
    count += Objects.length;
    onProgress(count);
  }
  await s3.send(new DeleteBucketCommand({ Bucket: name }));
}
