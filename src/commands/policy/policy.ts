import type { Config } from '../../core/config';
import { type PolicySubject, bucketStatements, ghostStatements, type Statement } from '../../template/policies';
import { type AdapterOptions, readAdapterConfigs } from '../../ghost-site/adapter-config';
import { Failure } from '../../shell/failure';
import { findGhostSite, type GhostSiteOptions } from '../../ghost-site/site';

export interface PolicyOptions extends GhostSiteOptions, AdapterOptions {
  bucketPolicy?: boolean;
  account?: string;
  profile?: string;
}

/** In the ARN of a distribution, for policies of the account itself: its ID is unique in the world. */
const ANY_ACCOUNT = '*';

/** `policy`: prints JSON, and nothing else. */
export async function runPolicy(options: PolicyOptions): Promise<void> {
  const { account } = options;
  if (account !== undefined && !/^\d{12}$/.test(account)) {
    throw new Failure(
      `--account is "${account}".`,
      'Write the twelve digits of the AWS account: --account 123456789012',
    );
  }
  // A bucket that is named needs no Ghost.
  const config = options.bucket === undefined || options.ghost || options.config ? findGhostSite(options).config : {};
  const configs = readAdapterConfigs(config, options);
  const statements = options.bucketPolicy
    ? await forBucket(configs.images, options)
    : forGhost(Object.values(configs), account ?? ANY_ACCOUNT);
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 2);
  process.stdout.write(`${policy.replaceAll('"arn:aws:', `"arn:${partitionOf(configs.images.region)}:`)}\n`);
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
function partitionOf(region = ''): string {
  if (region.startsWith('cn-')) {
    return 'aws-cn';
  }
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** @param configs of all features: mostly one bucket, with a path for each */
function forGhost(configs: Config[], account: string): Statement[] {
  const ofBuckets = groupsOf(configs, ({ bucket, tenantPrefix }) => `${tenantPrefix}@${bucket}`);
  const ofDistributions = groupsOf(configs, ({ distributionId }) => distributionId);
  const ofKeys = groupsOf(configs, ({ kmsKeyId }) => kmsKeyId);
  return [
    ...ofBuckets.flatMap((group) => ofBucket(group, account)),
    ...ofDistributions.flatMap(([config]) =>
      ghostStatements(subjectOf(config, account)).filter(({ Action }) => Action === 'cloudfront:CreateInvalidation'),
    ),
    ...ofKeys.map(([config]) => keyStatement(config.kmsKeyId ?? '', config.region, account)),
  ].map((statement, index, all) => withOwnName(statement, all.slice(0, index)));
}

/** What Ghost needs of a bucket, on the paths that its configuration names. */
function ofBucket(configs: [Config, ...Config[]], account: string): Statement[] {
  const [{ bucket, tenantPrefix }] = configs;
  return ghostStatements(subjectOf(configs[0], account))
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

/** @returns those together that have the same, and without those that have none */
function groupsOf(configs: Config[], nameOf: (config: Config) => string | undefined): [Config, ...Config[]][] {
  const groups = new Map<string, [Config, ...Config[]]>();
  for (const config of configs) {
    const name = nameOf(config);
    const group = name === undefined ? undefined : groups.get(name);
    if (group) {
      group.push(config);
    } else if (name !== undefined) {
      groups.set(name, [config]);
    }
  }
  return [...groups.values()];
}

/** IAM wants each name once in a policy. */
function withOwnName(statement: Statement, before: Statement[]): Statement {
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
  return bucketStatements(
    subjectOf(config, account ?? (await accountOfCredentials({ profile, region: region ?? config.region }))),
  );
}

const subjectOf = ({ bucket, tenantPrefix, distributionId = '' }: Config, account: string): PolicySubject => ({
  bucket,
  tenantPrefix,
  account,
  distributionId,
});

/** Loads the AWS SDK only here, as `--account` makes it unnecessary. */
async function accountOfCredentials(options: { profile?: string; region?: string }): Promise<string> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  try {
    const { Account = '' } = await new STSClient(options).send(new GetCallerIdentityCommand({}));
    return Account;
  } catch (error) {
    throw new Failure(
      `The account of the distribution is not known: ${(error as Error).message}`,
      'Name it: --account 123456789012',
      { cause: error },
    );
  }
}

/** What S3 asks of the key in Ghost's name: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html */
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
        // A policy names keys, and an alias by a condition only.
        Resource: `arn:aws:kms:${keyRegion}:${keyAccount}:key/*`,
        Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias } },
      };
}
