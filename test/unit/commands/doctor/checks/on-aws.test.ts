import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CHECKS } from '../../../../../src/commands/doctor/checks';
import { type CheckResult, passed } from '../../../../../src/commands/doctor/check';
import { DoctorContext, type DoctorOptions } from '../../../../../src/commands/doctor/context';
import { AwsAccount } from '../../../../support/aws-account';

const BUCKET = 'blog-images';

let account: AwsAccount;
let folder: string;

beforeEach(() => {
  account = new AwsAccount();
  folder = mkdtempSync(path.join(tmpdir(), 'doctor-'));
});
afterEach(() => {
  account.restore();
  rmSync(folder, { recursive: true, force: true });
});

/** Returns the context of a setup on AWS, with keys in the configuration. */
function contextWith(options: Record<string, unknown> = {}, given: Partial<DoctorOptions> = {}): DoctorContext {
  const S3CloudFrontStorage = {
    bucket: BUCKET,
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

/** Adds to the environment of this process for one test, and hides the machine's AWS configuration. */
function inEnvironment(more: Record<string, string>): void {
  Object.assign(process.env, { AWS_CONFIG_FILE: '/nonexistent', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent' }, more);
}

const environment = { ...process.env };
afterEach(() => (process.env = { ...environment }));

async function run(name: string, context: DoctorContext): Promise<CheckResult> {
  const check = CHECKS.find((candidate) => candidate.name === name);
  return (await check?.run(context)) ?? passed(`there is no check ${name}`);
}

const SETTINGS = {
  ownership: 's3:GetBucketOwnershipControls',
  'public access block': 's3:GetBucketPublicAccessBlock',
  encryption: 's3:GetEncryptionConfiguration',
  versioning: 's3:GetBucketVersioning',
  'incomplete uploads': 's3:GetLifecycleConfiguration',
};

const runSettings = () => Promise.all(Object.keys(SETTINGS).map((name) => run(name, contextWith())));

test('a bucket created by the stack passes all checks of its settings', async () => {
  const CertificateArn = account.certificates.add({ names: ['images.example.com'] }).arn;
  account.stacks.add({
    name: 'blog',
    parameters: { Domain: 'images.example.com', BucketName: BUCKET, CertificateArn },
  });
  expect((await runSettings()).map(({ result, found }) => `${result}: ${found}`)).toEqual([
    'passed: the bucket has no ACLs',
    'passed: all four settings are on',
    'passed: AES256',
    'passed: the bucket keeps old versions',
    'passed: removed after 1 day',
  ]);
});

test('each setting of an old bucket that should be changed is named, with the command that changes it', async () => {
  account.buckets.add({ name: BUCKET });
  const results = await runSettings();
  expect(results.map(({ result }) => result)).toEqual(results.map(() => 'warned'));
  expect(results[0]?.cure).toContain('put-bucket-ownership-controls --bucket blog-images');
  expect(results[1]?.found).toContain('RestrictPublicBuckets');
  expect(results[3]?.cure).toContain('Status=Enabled');
  expect(results[4]?.cure).toContain('AbortIncompleteMultipartUpload');
});

test.each(Object.entries(SETTINGS))(
  'the setting "%s" is left unchecked where Ghost may not read it, and the permission %s is named',
  async (name, action) => {
    account.buckets.add({ name: BUCKET });
    account.deny(action);
    expect(await run(name, contextWith())).toEqual({
      result: 'unchecked',
      found: `this needs the permission ${action}, which Ghost does not have`,
      cure: expect.stringContaining('--profile'),
    });
  },
);

test('an ACL in the configuration is named where the bucket has none', async () => {
  account.buckets.add({ name: BUCKET, ownership: 'BucketOwnerEnforced' });
  expect(await run('ownership', contextWith({ acl: 'public-read' }))).toMatchObject({
    result: 'failed',
    cure: expect.stringContaining('Remove "acl"'),
  });
});

test('a public bucket policy is reported even where nothing could be read', async () => {
  const Statement = [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${BUCKET}/*` }];
  account.buckets.add({ name: BUCKET, policy: JSON.stringify({ Version: '2012-10-17', Statement }) });
  ['s3:DeleteObject', 's3:ListBucket'].forEach((action) => account.deny(action));
  expect(await run('private', contextWith())).toMatchObject({
    result: 'warned',
    found: expect.stringContaining('considers the bucket policy public'),
  });
});

test('the region that S3 redirects to is named', async () => {
  account.buckets.add({ name: BUCKET, region: 'eu-west-1' });
  expect(await run('bucket region', contextWith())).toMatchObject({
    result: 'failed',
    found: 'The bucket blog-images is in eu-west-1 (PermanentRedirect).',
    cure: `Set "region" to "eu-west-1" in ${folder}/config.production.json.`,
  });
});

/** Replaces the account by that of another caller. */
function callAs(callerArn: string): void {
  account.restore();
  account = new AwsAccount({ callerArn });
}

test('the identity is shown', async () => {
  const found = 'arn:aws:sts::123456789012:assumed-role/ghost/i-0123456789';
  callAs(found);
  expect(await run('identity', contextWith())).toEqual({ result: 'passed', found });
});

test("the account's root user is not the right identity for Ghost", async () => {
  callAs('arn:aws:iam::123456789012:root');
  expect(await run('identity', contextWith())).toMatchObject({
    result: 'warned',
    cure: expect.stringContaining('a separate user or role for Ghost'),
  });
});

test('a machine that reaches S3 and no other service is not reported as broken', async () => {
  account.answerNext('sts:GetCallerIdentity', Object.assign(new Error(), { name: 'TimeoutError' }));
  expect(await run('identity', contextWith())).toEqual({
    result: 'unchecked',
    found: 'there was no answer to sts:GetCallerIdentity (TimeoutError)',
  });
});

test('keys in the configuration of a machine that can have a role are named', async () => {
  inEnvironment({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials' });
  expect(await run('keys', contextWith())).toMatchObject({
    result: 'warned',
    found: expect.stringContaining('ECS can give this machine a role'),
    cure: expect.stringContaining('--identity ecs-task-role'),
  });
});

test('a region that is configured nowhere is reported as missing', async () => {
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

test('without any credentials, the user learns where they were looked for and where to put them', async () => {
  // The account answers before the client looks for credentials.
  account.restore();
  inEnvironment({ AWS_EC2_METADATA_DISABLED: 'true' });
  const keys = { accessKeyId: undefined, secretAccessKey: undefined };
  expect(await run('credentials', contextWith(keys))).toMatchObject({
    result: 'failed',
    tried: expect.stringContaining('the environment, the profile and the role'),
    cure: expect.stringContaining('--profile'),
  });
});
