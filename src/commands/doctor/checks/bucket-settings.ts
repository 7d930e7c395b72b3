import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import type { Config } from '../../../core/config';
import { statusOf } from '../../../core/foreign-error';
import { codeOf, isGhostError } from '../../../core/s3/errors';
import { describeAnswer, notS3 } from '../../../core/s3/not-s3';
import { knownService } from '../../../core/s3/service';
import { type Check, type CheckResult, failed, passed, unchecked, warned } from '../check';
import { connectionOptions } from '../s3-requests';

/** The beginning of a document with a setting of a bucket. */
const SETTING = /^\s*(<\?xml[^>]*>\s*)?<([\w.-]+:)?(\w+Configuration|OwnershipControls)\b/;

/** Checks that the bucket has no ACLs, and that uploads send none. */
export const checkOwnership = settingCheck('s3:GetBucketOwnershipControls', async (client, config) => {
  const { bucket, acl } = config;
  const tried = "The command read the bucket's object ownership.";
  const answer = await client
    .send(new GetBucketOwnershipControlsCommand({ Bucket: bucket }))
    .catch(undefinedFor('OwnershipControlsNotFoundError'));
  const isEnforced = answer?.OwnershipControls?.Rules?.[0]?.ObjectOwnership === 'BucketOwnerEnforced';
  if (isEnforced && acl) {
    return failed(
      tried,
      `The bucket has no ACLs (BucketOwnerEnforced), but "acl" is "${acl}": S3 refuses every upload.`,
      'Remove "acl". CloudFront needs no ACL to read the bucket.',
    );
  }
  return isEnforced
    ? passed('the bucket has no ACLs', 'BucketOwnerEnforced')
    : warned(
        tried,
        'The bucket has ACLs, which can make individual files public.',
        `${awsS3Api(config, 'put-bucket-ownership-controls')} --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'`,
      );
});

/** Checks that all four settings that block public access are on. */
export const checkPublicAccessBlock = settingCheck('s3:GetBucketPublicAccessBlock', async (client, config) => {
  const { bucket } = config;
  const answer = await client
    .send(new GetPublicAccessBlockCommand({ Bucket: bucket }))
    .catch(undefinedFor('NoSuchPublicAccessBlockConfiguration'));
  const names = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;
  const off = names.filter((name) => !answer?.PublicAccessBlockConfiguration?.[name]);
  return off.length === 0
    ? passed('all four settings are on')
    : warned(
        "The command read the bucket's public access block.",
        `Public access to the bucket is not blocked completely: ${off.join(', ')} ${off.length === 1 ? 'is' : 'are'} off.`,
        `${awsS3Api(config, 'put-public-access-block')} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`,
      );
});

/** Checks that the bucket encrypts by default. */
export const checkEncryption = settingCheck('s3:GetEncryptionConfiguration', async (client, { bucket }) => {
  const answer = await client
    .send(new GetBucketEncryptionCommand({ Bucket: bucket }))
    .catch(undefinedFor('ServerSideEncryptionConfigurationNotFoundError'));
  const [rule] = answer?.ServerSideEncryptionConfiguration?.Rules ?? [];
  const algorithm = rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
  return algorithm
    ? passed(algorithm)
    : warned(
        "The command read the bucket's encryption.",
        'The bucket does not encrypt files unless an upload asks for it.',
        'Set "serverSideEncryption" to "AES256", or switch on default encryption in the bucket settings.',
      );
});

/** Checks that the bucket keeps former versions of objects. */
export const checkVersioning = settingCheck('s3:GetBucketVersioning', async (client, config) => {
  const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: config.bucket }));
  return Status === 'Enabled'
    ? passed('the bucket keeps old versions')
    : warned(
        "The command read the bucket's versioning.",
        'The bucket keeps no old versions: files that are deleted or overwritten by mistake are lost.',
        `${awsS3Api(config, 'put-bucket-versioning')} --versioning-configuration Status=Enabled`,
      );
});

/** Checks that a lifecycle rule removes the parts of incomplete uploads. */
export const checkIncompleteUploads = settingCheck('s3:GetLifecycleConfiguration', async (client, { bucket }) => {
  const answer = await client
    .send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))
    .catch(undefinedFor('NoSuchLifecycleConfiguration'));
  const days = answer?.Rules?.filter(({ Status }) => Status === 'Enabled')
    .map(({ AbortIncompleteMultipartUpload }) => AbortIncompleteMultipartUpload?.DaysAfterInitiation)
    .find((found) => found !== undefined);
  return days !== undefined
    ? passed(`removed after ${days} ${days === 1 ? 'day' : 'days'}`)
    : warned(
        "The command read the bucket's lifecycle rules.",
        'No lifecycle rule removes the parts of interrupted uploads, which cost money and are invisible.',
        'Add a rule with AbortIncompleteMultipartUpload, DaysAfterInitiation 1. (Writing rules replaces the existing ones, so include them.)',
      );
});

/**
 * Returns a check of a bucket setting. Its result is `unchecked` without the IAM action for reading the setting, which
 * Ghost's own policy does not allow.
 */
function settingCheck(action: string, check: (client: S3Client, config: Config) => Promise<CheckResult>): Check['run'] {
  return async ({ config, options }) => {
    // With --profile, the owner of the bucket reads its settings, even if the configuration has keys for Ghost.
    const credentials = options.profile === undefined ? {} : { credentials: undefined };
    const client = new S3Client({ ...(await connectionOptions(config)), ...credentials });
    readSettings(client, config);
    try {
      return await check(client, config);
    } catch (error) {
      if (isGhostError(error)) {
        return unchecked((error as Error).message);
      }
      return statusOf(error) === 403
        ? unchecked(
            `this needs the permission ${action}, which Ghost does not have`,
            `To check it, run the command with --profile and an AWS profile that has the permission ${action}.`,
          )
        : unchecked(`the service does not say (${codeOf(error)})`);
    } finally {
      client.destroy();
    }
  };
}

/**
 * Makes a client refuse answers that are not settings: in a web page, or in another service's listing, each setting
 * would seem to be off.
 */
function readSettings(client: S3Client, config: Config): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const result = await next(args);
        const answer = result.response as { statusCode: number; headers: Record<string, string>; body: Readable };
        if (answer.statusCode < 300) {
          const text = Buffer.concat((await answer.body.toArray()) as Buffer[]).toString();
          if (!SETTING.test(text)) {
            const described = describeAnswer(answer.statusCode, answer.headers['content-type'], text);
            throw notS3(config, commandName.replace(/Command$/, ''), described);
          }
          answer.body = Readable.from([Buffer.from(text)]);
        }
        return result;
      },
    // Closest to the network.
    { step: 'deserialize', priority: 'low' },
  );
}

/** Returns an error handler that turns S3's error for a missing setting into undefined. */
const undefinedFor = (code: string) => (error: unknown) => {
  if (codeOf(error) !== code) {
    throw error;
  }
  return undefined;
};

/** Returns the start of a command of the AWS CLI for the bucket, with the endpoint if the service is not AWS. */
function awsS3Api(config: Config, command: string): string {
  const { endpoint } = knownService(config);
  return `aws s3api ${command} --bucket ${config.bucket}${endpoint ? ` --endpoint-url ${endpoint}` : ''}`;
}
