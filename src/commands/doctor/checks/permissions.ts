import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { CloudFrontClient, CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
import { randomUUID } from 'node:crypto';
import { throughProxies } from '../../../core/proxies';
import { credentialsOf } from '../../../core/s3/client';
import { statusOf } from '../../../core/foreign-error';
import { codeOf } from '../../../core/s3/errors';
import { type Check, type CheckResult, failed, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { allowStatement, arnOfPartition, s3Arn } from '../iam-statement';
import { abortRefusal, deleteRefusal, type Refusal, writeRefusal } from '../s3-requests';

/** Checks the permission to delete, which must come first: without it nothing is written. */
export const checkDelete = permissionCheck(
  's3:DeleteObject',
  'Test files were deleted before they existed',
  deleteRefusal,
);

/** Checks the permission to upload. */
export const checkWrite = permissionCheck('s3:PutObject', 'Test files were stored', writeRefusal);

/** Checks the permission to abort multipart uploads. */
export const checkAbort = permissionCheck(
  's3:AbortMultipartUpload',
  'Uploads that do not exist were canceled',
  abortRefusal,
);

/** Checks that the same bytes can be read back. */
export async function checkRead(context: DoctorContext): Promise<CheckResult> {
  for (const { bucket, key } of context.probes.all) {
    try {
      const { Body } = await bucket.get(key);
      if (!Buffer.concat((await Body.toArray()) as Buffer[]).equals(context.probes.bytes)) {
        return failed(
          `${key} was stored and read back.`,
          'Other bytes came back from the bucket than were stored.',
          'Do not use this S3 service: it damages files. (With "endpoint", a proxy in front of it may be the cause.)',
        );
      }
    } catch (error) {
      const refusal = { key, error: bucket.explain(error, 'GetObject', key) };
      return refused(`${key} was read.`, refusal, context, 's3:GetObject');
    }
  }
  return passed('a test file came back', 's3:GetObject');
}

/** Checks the permission to list the bucket. */
export async function checkList({ probes: { first } }: DoctorContext): Promise<CheckResult> {
  try {
    await first.bucket.list(first.key);
    return passed('names in the bucket can be listed', 's3:ListBucket');
  } catch (error) {
    const tried = `The names in the bucket that begin with ${first.key} were listed.`;
    const { message, help = '', errorType } = error as Error & { help?: string; errorType?: string };
    return errorType === 'NoPermissionError'
      ? failed(
          tried,
          `${message} Without it S3 answers 403, and not 404, for what does not exist, and uploads fail.`,
          `Add this statement to the policy of the user or role:\n${allowStatement(['s3:ListBucket'], s3Arn(first.config))}`,
        )
      : failed(tried, message, help);
  }
}

/** Checks that objects are encrypted as configured. */
export async function checkEncrypt({ probes: { first } }: DoctorContext): Promise<CheckResult> {
  const { serverSideEncryption, kmsKeyId } = first.config;
  if (!serverSideEncryption) {
    return passed('the bucket decides');
  }
  const { ServerSideEncryption, SSEKMSKeyId } = (await first.bucket.head(first.key)) as GetObjectCommandOutput;
  // S3 returns the ARN of the key, which does not contain its alias.
  const isKey = !kmsKeyId || kmsKeyId.includes('alias/') || (SSEKMSKeyId ?? '').endsWith(kmsKeyId.replace(/^.*\//, ''));
  return ServerSideEncryption === serverSideEncryption && isKey
    ? passed(serverSideEncryption)
    : warned(
        `A file was stored with ${serverSideEncryption}.`,
        `S3 says that a file is encrypted with ${ServerSideEncryption ?? 'nothing'}${isKey ? '' : ` and the key ${SSEKMSKeyId}`}.`,
        'Correct "serverSideEncryption" and "kmsKeyId", or remove them where the service does not know them.',
      );
}

/** Checks the permission to invalidate files on the CDN. */
export async function checkInvalidate({ config, probes, features }: DoctorContext): Promise<CheckResult> {
  const { distributionId } = config;
  if (!distributionId) {
    return passed(
      features.includes('media')
        ? 'no "distributionId": replaced thumbnails of media are seen after five minutes'
        : 'no "distributionId"',
    );
  }
  const client = new CloudFrontClient({
    region: 'us-east-1',
    credentials: credentialsOf(config),
    maxAttempts: config.maxAttempts,
    ...(await throughProxies({})),
  });
  try {
    const Items = [new URL(probes.first.url).pathname];
    const InvalidationBatch = { CallerReference: randomUUID(), Paths: { Quantity: Items.length, Items } };
    const command = new CreateInvalidationCommand({ DistributionId: distributionId, InvalidationBatch });
    const { Invalidation } = await client.send(command);
    return Invalidation?.Id
      ? passed('the CDN was told about a file', 'cloudfront:CreateInvalidation')
      : unchecked('the answer of CloudFront contains no invalidation');
  } catch (error) {
    const code = codeOf(error);
    const tried = `The distribution ${distributionId} was told to drop a file from its cache.`;
    if (code === 'NoSuchDistribution') {
      return failed(
        tried,
        `There is no distribution ${distributionId} in the account (NoSuchDistribution).`,
        'Correct "distributionId".',
      );
    }
    if (statusOf(error) === 403) {
      const resource = `${arnOfPartition(config.region)}:cloudfront::ACCOUNT:distribution/${distributionId}`;
      return failed(
        tried,
        `Ghost may not invalidate files at the CDN (${code}): visitors see the old version of a replaced file until it expires.`,
        `Add this statement to the policy of the user or role, with the number of the account:\n${allowStatement(['cloudfront:CreateInvalidation'], resource)}`,
      );
    }
    return unchecked(`CloudFront does not answer (${code})`);
  } finally {
    client.destroy();
  }
}

/**
 * Returns a check of the permission for an IAM action.
 *
 * @param tried how it is tested, without a full stop
 */
function permissionCheck(
  action: string,
  tried: string,
  refusalOf: (context: DoctorContext) => Promise<Refusal | undefined>,
): Check['run'] {
  return async (context) => {
    const refusal = await refusalOf(context);
    return refusal ? refused(`${tried} (${refusal.key}).`, refusal, context, action) : passed('allowed', action);
  };
}

/** @param action the IAM action that Ghost needs on all of its files */
function refused(tried: string, { error }: Refusal, { config, probes }: DoctorContext, action: string): CheckResult {
  const isForbidden = (error as { errorType?: string }).errorType === 'NoPermissionError';
  // KMS has permissions of its own, which its error names.
  if (!isForbidden || /\bkms:/.test(error.message)) {
    return failed(tried, error.message, error.help ?? '');
  }
  const resources = probes.all.map((probe) => s3Arn(probe.config, `${probe.key.slice(0, -probe.path.length)}*`));
  const needsAcl = action === 's3:PutObject' && config.acl !== undefined;
  const actions = needsAcl ? [action, 's3:PutObjectAcl'] : [action];
  return failed(
    tried,
    `Ghost lacks a permission: ${actions.join(' or ')} is not allowed.`,
    `${needsAcl ? 'Remove "acl", which a bucket for CloudFront does not need. Or add' : 'Add'} this statement to the policy of the user or role:\n${allowStatement(actions, resources)}`,
  );
}
