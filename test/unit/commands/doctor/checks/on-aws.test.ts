import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { CHECKS } from '../../../../../src/commands/doctor/checks';
import { type CheckResult, passed } from '../../../../../src/commands/doctor/check';
import { DoctorContext, type DoctorOptions } from '../../../../../src/commands/doctor/context';

const s3 = mockClient(S3Client);
const sts = mockClient(STSClient);
let folder: string;

beforeEach(() => {
  s3.reset();
  sts.reset();
  folder = mkdtempSync(path.join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A set-up on AWS, with keys in the configuration. */
function contextWith(options: Record<string, unknown> = {}, given: Partial<DoctorOptions> = {}): DoctorContext {
  const S3CloudFrontStorage = {
    bucket: 'blog-images',
    region: 'eu-central-1',
    cdnUrl: 'https://images.example.com',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'secret',
    ...options,
  };
  const storage = { active: 'S3CloudFrontStorage', S3CloudFrontStorage };
  writeFileSync(path.join(folder, 'config.production.json'), JSON.stringify({ storage }));
  const network = {
    lookup: () => Promise.resolve([]),
    canonicalNameOf: () => Promise.resolve(undefined),
    connect: () => {
      throw new Error('Nobody is to be reached.');
    },
  };
  return new DoctorContext(
    { ghost: folder, ...given },
    { network, signal: new AbortController().signal, environment: {} },
  );
}

/** What the environment of this process says besides, for one test. */
function inEnvironment(more: Record<string, string>): void {
  Object.assign(process.env, { AWS_CONFIG_FILE: '/nonexistent', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent' }, more);
}

const environment = { ...process.env };
afterEach(() => (process.env = { ...environment }));

async function run(name: string, context: DoctorContext): Promise<CheckResult> {
  const check = CHECKS.find((candidate) => candidate.name === name);
  return (await check?.run(context)) ?? passed(`there is no check ${name}`);
}

/** An error as the SDK makes it of S3's answer. */
const refusal = (name: string, httpStatusCode: number, more = {}) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode }, ...more });

const SETTINGS = ['ownership', 'public access block', 'encryption', 'versioning', 'incomplete uploads'];

test('a bucket as the stack makes it: every setting is as it should be', async () => {
  const on = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
  s3.on(GetBucketOwnershipControlsCommand).resolves({
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
  });
  s3.on(GetPublicAccessBlockCommand).resolves({ PublicAccessBlockConfiguration: on });
  s3.on(GetBucketEncryptionCommand).resolves({
    ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
  });
  s3.on(GetBucketVersioningCommand).resolves({ Status: 'Enabled' });
  s3.on(GetBucketLifecycleConfigurationCommand).resolves({
    Rules: [{ Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }],
  });
  const findings = await Promise.all(SETTINGS.map((name) => run(name, contextWith())));
  expect(findings).toEqual(
    ['BucketOwnerEnforced', 'on', 'AES256', 'on', 'removed after 1 day'].map((found) => ({ result: 'passed', found })),
  );
});

test('a bucket of former times: every setting is named, with the command that changes it', async () => {
  s3.on(GetBucketOwnershipControlsCommand).rejects(refusal('OwnershipControlsNotFoundError', 404));
  s3.on(GetPublicAccessBlockCommand).rejects(refusal('NoSuchPublicAccessBlockConfiguration', 404));
  s3.on(GetBucketEncryptionCommand).rejects(refusal('ServerSideEncryptionConfigurationNotFoundError', 404));
  s3.on(GetBucketVersioningCommand).resolves({});
  s3.on(GetBucketLifecycleConfigurationCommand).rejects(refusal('NoSuchLifecycleConfiguration', 404));
  const findings = await Promise.all(SETTINGS.map((name) => run(name, contextWith())));
  expect(findings.map(({ result }) => result)).toEqual(SETTINGS.map(() => 'warned'));
  expect(findings[0]?.cure).toContain('put-bucket-ownership-controls --bucket blog-images');
  expect(findings[1]?.found).toContain('RestrictPublicBuckets');
  expect(findings[3]?.cure).toContain('Status=Enabled');
  expect(findings[4]?.cure).toContain('AbortIncompleteMultipartUpload');
});

test('settings that Ghost has no right to read are not checked, with the action that it takes', async () => {
  s3.rejects(refusal('AccessDenied', 403));
  for (const name of SETTINGS) {
    const { result, found, cure } = await run(name, contextWith());
    expect([result, found, cure]).toEqual([
      'unchecked',
      expect.stringMatching(/^needs s3:Get\w+, which Ghost does not$/),
      expect.stringContaining('--profile'),
    ]);
  }
});

test('an ACL in the configuration is named where the bucket has none', async () => {
  s3.on(GetBucketOwnershipControlsCommand).resolves({
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
  });
  expect(await run('ownership', contextWith({ acl: 'public-read' }))).toMatchObject({
    result: 'failed',
    cure: expect.stringContaining('Remove "acl"'),
  });
});

test('a policy that S3 holds for public is named, also where nothing could be read', async () => {
  s3.rejects(refusal('AccessDenied', 403));
  s3.on(GetBucketPolicyStatusCommand).resolves({ PolicyStatus: { IsPublic: true } });
  s3.on(ListObjectsV2Command).rejects(refusal('AccessDenied', 403));
  expect(await run('private', contextWith())).toMatchObject({
    result: 'warned',
    found: expect.stringContaining('S3 holds the policy of the bucket for public'),
  });
});

test('the region is named that S3 redirects to', async () => {
  const moved = { $response: { headers: { 'x-amz-bucket-region': 'eu-west-1' } } };
  s3.on(GetObjectCommand).rejects(refusal('PermanentRedirect', 301, moved));
  s3.on(HeadBucketCommand).rejects(refusal('301', 301));
  expect(await run('bucket region', contextWith())).toMatchObject({
    result: 'failed',
    found: 'It is in eu-west-1 (PermanentRedirect).',
    cure: 'Set "region" to "eu-west-1".',
  });
});

test('the identity is shown', async () => {
  const Arn = 'arn:aws:sts::123456789012:assumed-role/ghost/i-0123456789';
  sts.on(GetCallerIdentityCommand).resolves({ Arn });
  expect(await run('identity', contextWith())).toEqual({ result: 'passed', found: Arn });
});

test('the root user of an account is none for a Ghost', async () => {
  sts.on(GetCallerIdentityCommand).resolves({ Arn: 'arn:aws:iam::123456789012:root' });
  expect(await run('identity', contextWith())).toMatchObject({
    result: 'warned',
    cure: expect.stringContaining('a user or role of its own'),
  });
});

test('a machine that reaches S3 and nothing else is none the worse for it', async () => {
  sts.on(GetCallerIdentityCommand).rejects(Object.assign(new Error(), { name: 'TimeoutError' }));
  expect(await run('identity', contextWith())).toEqual({
    result: 'unchecked',
    found: 'sts:GetCallerIdentity was not answered (TimeoutError)',
  });
});

test('keys in the configuration of a machine that can have a role are named', async () => {
  inEnvironment({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials' });
  expect(await run('keys', contextWith())).toMatchObject({
    result: 'warned',
    found: expect.stringContaining('It is ECS'),
    cure: expect.stringContaining('--identity ecs-task-role'),
  });
});

test('a region that nobody names is named as missing', async () => {
  inEnvironment({});
  expect(await run('region', contextWith({ region: undefined }))).toMatchObject({
    result: 'failed',
    cure: expect.stringContaining('Set "region"'),
  });
});

test('the region of the environment counts', async () => {
  inEnvironment({ AWS_REGION: 'eu-west-3' });
  expect((await run('region', contextWith({ region: undefined }))).found).toContain('eu-west-3');
});

test('no credentials anywhere: where they were looked for, and where to put them', async () => {
  s3.restore();
  inEnvironment({ AWS_EC2_METADATA_DISABLED: 'true' });
  const keys = { accessKeyId: undefined, secretAccessKey: undefined };
  expect(await run('credentials', contextWith(keys))).toMatchObject({
    result: 'failed',
    tried: expect.stringContaining('The environment, the profile and the role'),
    cure: expect.stringContaining('--profile'),
  });
});
