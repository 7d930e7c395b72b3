import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { CloudFrontClient, CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
import { randomUUID } from 'node:crypto';
import { credentialsOf } from '../../../core/s3/client';
import { type Check, failed, type Finding, passed, unchecked, warned } from '../check';
import { type Refusal, refusalToAbort, refusalToDelete, refusalToWrite } from '../facts';
import { arnOf, statement, statusOf, wordOf } from '../requests';
import type { SetUp } from '../set-up';

/** What Ghost may do with the bucket. */
export const permissionChecks: Check[] = [
  permission(
    'delete',
    's3:DeleteObject',
    ['bucket region'],
    'The probes were deleted before they were there',
    refusalToDelete,
  ),
  permission('write', 's3:PutObject', ['delete'], 'The probes were written', refusalToWrite),
  { group: 'Permissions', name: 'read', needs: ['write'], run: checkReading },
  { group: 'Permissions', name: 'list', needs: ['bucket region'], run: checkListing },
  permission(
    'abort',
    's3:AbortMultipartUpload',
    ['bucket region'],
    'Uploads were aborted that nobody has begun',
    refusalToAbort,
  ),
  { group: 'Permissions', name: 'encrypt', needs: ['read'], run: checkEncryption },
  { group: 'Permissions', name: 'invalidate', needs: ['accepted'], run: checkInvalidation },
];

async function checkReading(setUp: SetUp): Promise<Finding> {
  for (const { bucket, key } of setUp.probes.all) {
    try {
      const { Body } = await bucket.get(key);
      if (!Buffer.concat((await Body.toArray()) as Buffer[]).equals(setUp.probes.bytes)) {
        return failed(
          `${key} was written and read back.`,
          'Other bytes came back.',
          'The service is not to be used: it damages files. (With "endpoint", a proxy before it may be to blame.)',
        );
      }
    } catch (error) {
      const refusal = { key, error: bucket.explain(error, 'GetObject', key) };
      return refused(`${key} was read.`, refusal, setUp, 's3:GetObject');
    }
  }
  return passed('s3:GetObject');
}

async function checkListing(setUp: SetUp): Promise<Finding> {
  const { first } = setUp.probes;
  const { bucket } = first.config;
  try {
    await first.bucket.list(first.key);
    return passed('s3:ListBucket');
  } catch (error) {
    const tried = `The bucket was asked for the names that begin with ${first.key}.`;
    const { message, help = '', errorType } = error as Error & { help?: string; errorType?: string };
    return errorType === 'NoPermissionError'
      ? failed(
          tried,
          `${message} Without it S3 answers 403, and not 404, for what does not exist, and uploads fail.`,
          `Add this statement to the policy of the user or role:\n${statement(['s3:ListBucket'], arnOf(bucket))}`,
        )
      : failed(tried, message, help);
  }
}

async function checkEncryption(setUp: SetUp): Promise<Finding> {
  const { first } = setUp.probes;
  const { serverSideEncryption, kmsKeyId } = first.config;
  if (!serverSideEncryption) {
    return passed('as the bucket does it');
  }
  const { ServerSideEncryption, SSEKMSKeyId } = (await first.bucket.head(first.key)) as GetObjectCommandOutput;
  const isKey = !kmsKeyId || kmsKeyId.includes('alias/') || (SSEKMSKeyId ?? '').endsWith(kmsKeyId.replace(/^.*\//, ''));
  return ServerSideEncryption === serverSideEncryption && isKey
    ? passed(serverSideEncryption)
    : warned(
        `A file was written with ${serverSideEncryption}.`,
        `S3 says that it is encrypted with ${ServerSideEncryption ?? 'nothing'}${isKey ? '' : ` and the key ${SSEKMSKeyId}`}.`,
        'Correct "serverSideEncryption" and "kmsKeyId", or remove them where the service does not know them.',
      );
}

async function checkInvalidation({ config, probes, features }: SetUp): Promise<Finding> {
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
  });
  try {
    const Items = [new URL(probes.first.url).pathname];
    const InvalidationBatch = { CallerReference: randomUUID(), Paths: { Quantity: Items.length, Items } };
    await client.send(new CreateInvalidationCommand({ DistributionId: distributionId, InvalidationBatch }));
    return passed('cloudfront:CreateInvalidation');
  } catch (error) {
    const word = wordOf(error);
    const tried = `The distribution ${distributionId} was told to forget a file.`;
    if (word === 'NoSuchDistribution') {
      return failed(
        tried,
        'There is none of that ID in the account (NoSuchDistribution).',
        'Correct "distributionId".',
      );
    }
    if (statusOf(error) === 403) {
      const resource = `arn:aws:cloudfront::ACCOUNT:distribution/${distributionId}`;
      return failed(
        tried,
        `It is refused (${word}): replaced files are seen as they were until the CDN drops them.`,
        `Add this statement to the policy of the user or role, with the number of the account:\n${statement(['cloudfront:CreateInvalidation'], resource)}`,
      );
    }
    return unchecked(`CloudFront does not answer (${word})`);
  } finally {
    client.destroy();
  }
}

/**
 * A check of a permission.
 *
 * @param action of IAM
 * @param tried what was done to find out, without a full stop
 * @param refusalOf finds out
 */
function permission(
  name: string,
  action: string,
  needs: string[],
  tried: string,
  refusalOf: (setUp: SetUp) => Promise<Refusal | undefined>,
): Check {
  return {
    group: 'Permissions',
    name,
    needs,
    async run(setUp) {
      const refusal = await refusalOf(setUp);
      return refusal ? refused(`${tried} (${refusal.key}).`, refusal, setUp, action) : passed(action);
    },
  };
}

/** @param action that Ghost needs for it, on all of its files */
function refused(tried: string, { error }: Refusal, { config, probes }: SetUp, action: string): Finding {
  const isForbidden = (error as { errorType?: string }).errorType === 'NoPermissionError';
  // The key service has permissions of its own, which its refusal names.
  if (!isForbidden || /\bkms:/.test(error.message)) {
    return failed(tried, error.message, error.help ?? '');
  }
  const resources = probes.all.map((probe) => arnOf(probe.config.bucket, `${probe.key.slice(0, -probe.path.length)}*`));
  const needsAcl = action === 's3:PutObject' && config.acl !== undefined;
  const actions = needsAcl ? [action, 's3:PutObjectAcl'] : [action];
  return failed(
    tried,
    `S3 refuses it: ${actions.join(' or ')} is not allowed.`,
    `${needsAcl ? 'Remove "acl", which a bucket behind CloudFront needs not. Or add' : 'Add'} this statement to the policy of the user or role:\n${statement(actions, resources)}`,
  );
}
