import type { Config } from '../../core/config';
import { bucketStatements, ghostStatements, type Statement } from '../../template/policies';
import { readAdapterConfigs } from '../../ghost-site/adapter-config';
import type { AdapterOptions } from '../../ghost-site/options';
import { throughProxies } from '../../core/proxies';
import { Failure } from '../../shell/failure';
import { findGhostSite, type GhostSiteOptions } from '../../ghost-site/site';

export interface PolicyOptions extends GhostSiteOptions, AdapterOptions {
  bucketPolicy?: boolean;
  account?: string;
  profile?: string;
}

/** The account in a distribution's ARN when it is unknown. The distribution's ID is unique anyway. */
const ANY_ACCOUNT = '*';

/** The region for STS when none is set; its response is the same in all regions. */
const ANY_REGION = 'us-east-1';

/** Runs `policy`. Only the JSON goes to the standard output. */
export async function runPolicy(options: PolicyOptions): Promise<void> {
  const { account } = options;
  if (account !== undefined && !/^\d{12}$/.test(account)) {
    throw new Failure(`--account is "${account}".`, 'An AWS account ID has twelve digits: --account 123456789012');
  }
  // With --bucket, no Ghost site is needed.
  const site = options.bucket === undefined || options.ghost || options.config ? findGhostSite(options) : undefined;
  const configs = readAdapterConfigs(site?.config ?? {}, options, site?.configFile);
  const statements = options.bucketPolicy
    ? await forBucket(configs.images, options)
    : forGhost(Object.values(configs), account ?? ANY_ACCOUNT);
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 2);
  const region = configs.images.region ?? (process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION);
  const { partition } = await import('@aws-sdk/core/client');
  // The SDK's table has all partitions. For an unknown region it returns the commercial one.
  if (!options.bucketPolicy) {
    sayWhatTenantsSee(Object.values(configs));
  }
  process.stdout.write(`${policy.replaceAll('"arn:aws:', `"arn:${partition(region ?? ANY_REGION).name}:`)}\n`);
}

/** Warns that blogs in a shared bucket can list each other's files. */
function sayWhatTenantsSee(configs: Config[]): void {
  for (const [{ bucket, tenantPrefix }] of groupsOf(configs, ({ tenantPrefix, bucket }) => tenantPrefix && bucket)) {
    // A condition on the prefix could turn the 404 for a missing file into a 403, and then every upload would fail.
    process.stderr.write(
      `Note: this policy lets a blog list the names of all files in ${bucket}. Without that permission, S3 would return 403\n` +
        `instead of 404 for missing files. The blog cannot read, change or delete files outside of ${tenantPrefix}/content.\n` +
        'If file names must be private, use a separate bucket for each blog.\n',
    );
  }
}

/** @param configs of all features: usually one bucket, with a path for each feature */
function forGhost(configs: Config[], account: string): Statement[] {
  const buckets = groupsOf(configs, ({ bucket, tenantPrefix }) => `${tenantPrefix}@${bucket}`);
  const distributions = groupsOf(configs, ({ distributionId }) => distributionId);
  const keys = groupsOf(configs, ({ kmsKeyId }) => kmsKeyId);
  return [
    ...buckets.flatMap((group) => forGhostInBucket(group, account)),
    ...distributions.flatMap(([config]) =>
      ghostStatements({ ...config, account }).filter(({ Action }) => Action === 'cloudfront:CreateInvalidation'),
    ),
    ...keys.map(([config]) => keyStatement(config.kmsKeyId ?? '', config.region, account)),
  ].map((statement, index, all) => withUniqueSid(statement, all.slice(0, index)));
}

/** Returns the permissions Ghost needs in one bucket, limited to the paths in its configuration. */
function forGhostInBucket(configs: [Config, ...Config[]], account: string): Statement[] {
  const [{ bucket, tenantPrefix }] = configs;
  return ghostStatements({ ...configs[0], account })
    .filter(({ Action }) => Action !== 'cloudfront:CreateInvalidation')
    .map((statement) => {
      if (!Array.isArray(statement.Action)) {
        return statement;
      }
      const paths = configs.map(({ staticFileURLPrefix }) =>
        [bucket, tenantPrefix, staticFileURLPrefix, '*'].filter(Boolean).join('/'),
      );
      return {
        ...statement,
        Action: configs.some(({ acl }) => acl) ? [...statement.Action, 's3:PutObjectAcl'] : statement.Action,
        Resource: [...new Set(paths)].map((path) => `arn:aws:s3:::${path}`),
      };
    });
}

/** Groups configurations by a name, and leaves out those without one. */
function groupsOf(configs: Config[], nameOf: (config: Config) => string | undefined): [Config, ...Config[]][] {
  const groups = new Map<string, [Config, ...Config[]]>();
  for (const config of configs) {
    const name = nameOf(config);
    const group = name ? groups.get(name) : undefined;
    if (group) {
      group.push(config);
    } else if (name) {
      groups.set(name, [config]);
    }
  }
  return [...groups.values()];
}

/** Adds a number to a repeated `Sid`, because a `Sid` must be unique in a policy. */
function withUniqueSid(statement: Statement, before: Statement[]): Statement {
  const same = before.filter(({ Sid }) => Sid === statement.Sid).length;
  return same === 0 ? statement : { ...statement, Sid: `${statement.Sid}${same + 1}` };
}

async function forBucket(config: Config, { account, profile, region }: PolicyOptions): Promise<Statement[]> {
  if (!config.distributionId) {
    throw new Failure(
      'The ID of the distribution is unknown.',
      'Add it: --distribution-id E2EXAMPLE1ABCD (in the CloudFront console, it is in the first column).',
    );
  }
  return bucketStatements({
    ...config,
    account: account ?? (await accountOfCredentials({ profile, region: region ?? config.region })),
  });
}

/**
 * Asks AWS which account the credentials belong to. The AWS SDK is loaded only here: `--account` makes it unnecessary.
 *
 * @throws Failure with the reason
 */
async function accountOfCredentials({ profile, region }: { profile?: string; region?: string }): Promise<string> {
  const { checkChosenProfile } = await import('../../aws/profiles');
  await checkChosenProfile(profile);
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  // The SDK does not read AWS_DEFAULT_REGION, which the AWS CLI uses.
  const named = region ?? (process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION);
  try {
    const ofProfile = new STSClient({ profile, region: named });
    const sts = new STSClient({
      profile,
      region: await ofProfile.config.region().catch(() => ANY_REGION),
      ...(await throughProxies({})),
    });
    const { Account = '' } = await sts.send(new GetCallerIdentityCommand({}));
    return Account;
  } catch (error) {
    const { message } = error as Error;
    const reason = /any providers/.test(message) ? 'no AWS credentials were found.' : message;
    throw new Failure(`The distribution's AWS account is unknown: ${reason}`, 'Add it: --account 123456789012', {
      cause: error,
    });
  }
}

/**
 * Returns the permission to use the encryption key, which S3 does on behalf of Ghost.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
function keyStatement(key: string, region = '*', account: string): Statement {
  const [, , , keyRegion = region, keyAccount = account] = key.startsWith('arn:') ? key.split(':') : [];
  const alias = /(?:^|:)(alias\/.+)$/.exec(key)?.[1];
  const statement = {
    Sid: 'EncryptionKey',
    Effect: 'Allow',
    Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
  };
  return alias === undefined
    ? { ...statement, Resource: key.startsWith('arn:') ? key : `arn:aws:kms:${region}:${account}:key/${key}` }
    : {
        ...statement,
        // A policy can name an alias only in a condition.
        Resource: `arn:aws:kms:${keyRegion}:${keyAccount}:key/*`,
        Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias } },
      };
}
