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

/** Stands for the account in the ARN of a distribution, whose ID is globally unique. */
const ANY_ACCOUNT = '*';

/** Where STS is asked when no region is set: its answer is the same everywhere. */
const ANY_REGION = 'us-east-1';

/** Runs `policy`, which prints JSON and nothing else to the standard output. */
export async function runPolicy(options: PolicyOptions): Promise<void> {
  const { account } = options;
  if (account !== undefined && !/^\d{12}$/.test(account)) {
    throw new Failure(
      `--account is "${account}".`,
      'Write the twelve digits of the AWS account: --account 123456789012',
    );
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
  // The SDK's table has all partitions; a region that it does not know is taken for a new one of AWS's own.
  if (!options.bucketPolicy) {
    sayWhatTenantsSee(Object.values(configs));
  }
  process.stdout.write(`${policy.replaceAll('"arn:aws:', `"arn:${partition(region ?? ANY_REGION).name}:`)}\n`);
}

/** Says what a policy does not keep from the other blogs in a bucket. */
function sayWhatTenantsSee(configs: Config[]): void {
  for (const [{ bucket, tenantPrefix }] of groupsOf(configs, ({ tenantPrefix, bucket }) => tenantPrefix && bucket)) {
    // A condition on the prefix could turn the 404 for a missing file into a 403, by which every upload would fail.
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

/** Returns what Ghost needs in one bucket, limited to the paths in its configuration. */
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

/** Groups the configurations with the same name, and leaves out those without one. */
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

/** Numbers a repeated `Sid`, which has to be unique in a policy. */
function withUniqueSid(statement: Statement, before: Statement[]): Statement {
  const same = before.filter(({ Sid }) => Sid === statement.Sid).length;
  return same === 0 ? statement : { ...statement, Sid: `${statement.Sid}${same + 1}` };
}

async function forBucket(config: Config, { account, profile, region }: PolicyOptions): Promise<Statement[]> {
  if (!config.distributionId) {
    throw new Failure(
      'Which distribution may read the bucket is not known.',
      'Name it: --distribution-id E2EXAMPLE1ABCD (console: CloudFront, first column).',
    );
  }
  return bucketStatements({
    ...config,
    account: account ?? (await accountOfCredentials({ profile, region: region ?? config.region })),
  });
}

/**
 * Asks AWS for the account of the credentials. Loads the AWS SDK only here, as `--account` makes it unnecessary.
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
    const reason = /any providers/.test(message) ? 'Not signed in: there are no AWS credentials.' : message;
    throw new Failure(`The account of the distribution is not known: ${reason}`, 'Name it: --account 123456789012', {
      cause: error,
    });
  }
}

/**
 * Returns what S3 does with the key on behalf of Ghost.
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
