import type { Config } from '../config';
import { type PolicySubject, bucketStatements, ghostStatements, type Statement } from '../provision/policies';
import { type AdapterOptions, readAdapterConfigs } from './adapter-config';
import { Failure } from './failure';
import { findGhostSite, type GhostSiteOptions } from './ghost-site';

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
  const { images } = readAdapterConfigs(config, options);
  const statements = options.bucketPolicy ? await forBucket(images, options) : forGhost(images, account ?? ANY_ACCOUNT);
  process.stdout.write(`${JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 2)}\n`);
}

function forGhost(config: Config, account: string): Statement[] {
  const statements = ghostStatements(subjectOf(config, account)).filter(
    ({ Action }) => config.distributionId !== undefined || Action !== 'cloudfront:CreateInvalidation',
  );
  return config.kmsKeyId ? [...statements, keyStatement(config.kmsKeyId, config.region)] : statements;
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

async function accountOfCredentials(options: { profile?: string; region?: string }): Promise<string> {
  const { signIn } = await import('../provision/aws');
  try {
    return (await signIn(options)).account;
  } catch (error) {
    throw new Failure(
      `The account of the distribution is not known: ${(error as Error).message}`,
      'Name it: --account 123456789012',
      { cause: error },
    );
  }
}

/** What S3 asks of the key in Ghost's name: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html */
function keyStatement(key: string, region: string | undefined): Statement {
  const isAlias = key.startsWith('alias/') || key.includes(':alias/');
  const statement = {
    Sid: 'EncryptionKey',
    Effect: 'Allow',
    Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
  };
  return isAlias
    ? {
        ...statement,
        // A policy names keys, and an alias by a condition only.
        Resource: `arn:aws:kms:${region ?? '*'}:*:key/*`,
        Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': key.slice(key.indexOf('alias/')) } },
      }
    : { ...statement, Resource: key.startsWith('arn:') ? key : `arn:aws:kms:${region ?? '*'}:*:key/${key}` };
}
