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
  'The command deleted test files that did not exist',
  deleteRefusal,
);

/** Checks the permission to upload. */
export const checkWrite = permissionCheck('s3:PutObject', 'The command stored test files', writeRefusal);

/** Checks the permission to abort multipart uploads. */
export const checkAbort = permissionCheck(
  's3:AbortMultipartUpload',
  'The command canceled uploads that do not exist',
  abortRefusal,
);

/** Checks that the same bytes can be read back. */
export async function checkRead(context: DoctorContext): Promise<CheckResult> {
  for (const { bucket, key } of context.probes.all) {
    try {
      const { Body } = await bucket.get(key);
      if (!Buffer.concat((await Body.toArray()) as Buffer[]).equals(context.probes.bytes)) {
        return failed(
          `The command stored ${key} and read it back.`,
          'The bucket returned other bytes than those that were stored.',
          'Do not use this S3 service: it damages files. If "endpoint" is set, a proxy in front of the service may be the cause.',
        );
      }
    } catch (error) {
      const refusal = { key, error: bucket.explain(error, 'GetObject', key) };
      return refused(`The command read ${key}.`, refusal, context, 's3:GetObject');
    }
  }
  return passed('a test file was read back', 's3:GetObject');
}

/** Checks the permission to list the bucket. */
export async function checkList({ probes: { first } }: DoctorContext): Promise<CheckResult> {
  try {
    await first.bucket.list(first.key);
    return passed('names in the bucket can be listed', 's3:ListBucket');
  } catch (error) {
    const tried = `The command listed the names in the bucket that start with ${first.key}.`;
    const { message, help = '', errorType } = error as Error & { help?: string; errorType?: string };
    return errorType === 'NoPermissionError'
      ? failed(
          tried,
          `${message} Without it, S3 answers 403 instead of 404 for a file that does not exist, and uploads fail.`,
          `Add this statement to the policy of the user or role:\n${allowStatement(['s3:ListBucket'], s3Arn(first.config))}`,
        )
      : failed(tried, message, help);
  }
}

/** Checks that objects are encrypted as configured. */
export async function checkEncrypt({ probes: { first } }: DoctorContext): Promise<CheckResult> {
  const { serverSideEncryption, kmsKeyId } = first.config;
  if (!serverSideEncryption) {
    return passed("the bucket's default applies");
  }
  const { ServerSideEncryption, SSEKMSKeyId } = (await first.bucket.head(first.key)) as GetObjectCommandOutput;
  // S3 returns the ARN of the key, which does not contain its alias.
  const isKey = !kmsKeyId || kmsKeyId.includes('alias/') || (SSEKMSKeyId ?? '').endsWith(kmsKeyId.replace(/^.*\//, ''));
  return ServerSideEncryption === serverSideEncryption && isKey
    ? passed(serverSideEncryption)
    : warned(
        `The command stored a file with ${serverSideEncryption}.`,
        `S3 says that a file is encrypted with ${ServerSideEncryption ?? 'nothing'}${isKey ? '' : ` and the key ${SSEKMSKeyId}`}.`,
        'Correct "serverSideEncryption" and "kmsKeyId", or remove them if the service does not support them.',
      );
}

/** Checks the permission to invalidate files on the CDN. */
export async function checkInvalidate({ config, probes, features }: DoctorContext): Promise<CheckResult> {
  const { distributionId } = config;
  if (!distributionId) {
    return passed(
      features.includes('media')
        ? 'no "distributionId": replaced thumbnails of media appear after five minutes'
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
      ? passed('the CDN accepted an invalidation', 'cloudfront:CreateInvalidation')
      : unchecked("CloudFront's answer contains no invalidation");
  } catch (error) {
    const code = codeOf(error);
    const tried = `The command invalidated a file on the distribution ${distributionId}.`;
    if (code === 'NoSuchDistribution') {
      return failed(
        tried,
        `The distribution ${distributionId} does not exist in the account (NoSuchDistribution).`,
        'Correct "distributionId".',
      );
    }
    if (statusOf(error) === 403) {
      const resource = `${arnOfPartition(config.region)}:cloudfront::ACCOUNT:distribution/${distributionId}`;
      return failed(
        tried,
        `Ghost may not invalidate files on the CDN (${code}), so visitors see the old version of a replaced file until it expires.`,
        `Add this statement to the policy of the user or role, with your account number:\n${allowStatement(['cloudfront:CreateInvalidation'], resource)}`,
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
 * @param tried how it is tested, without a period
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
  // KMS has its own permissions, which its error names.
  if (!isForbidden || /\bkms:/.test(error.message)) {
    return failed(tried, error.message, error.help ?? '');
  }
  const resources = probes.all.map((probe) => s3Arn(probe.config, `${probe.key.slice(0, -probe.path.length)}*`));
  const needsAcl = action === 's3:PutObject' && config.acl !== undefined;
  const actions = needsAcl ? [action, 's3:PutObjectAcl'] : [action];
  return failed(
    tried,
    `Ghost lacks a permission: ${actions.join(' or ')} is not allowed.`,
    `${needsAcl ? 'Remove "acl", which a bucket behind CloudFront does not need. Otherwise add' : 'Add'} this statement to the policy of the user or role:\n${allowStatement(actions, resources)}`,
  );
}
