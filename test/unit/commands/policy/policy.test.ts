import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Failure } from '../../../../src/shell/failure';
import { ADAPTER } from '../../../../src/core/features';
import { createProgram } from '../../../../src/commands/program';
import { readTemplate } from '../../../../src/template/read';
import { PSEUDO_PARAMETERS, render } from '../../../support/template/render';
import { SMALLEST } from '../../../support/template/parameter-sets';
import { listenToOutput } from '../../../support/written-output';

const ACCOUNT = PSEUDO_PARAMETERS['AWS::AccountId'] ?? '';

interface Policy {
  Version: string;
  Statement: { Sid: string; Action: string | string[]; Resource: string | string[]; Condition?: unknown }[];
}

let folder: string;
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'policy-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(parameters: string[], environment: Record<string, string> = {}) {
  const before = process.env;
  process.env = { HOME: folder, PATH: before.PATH, AWS_EC2_METADATA_DISABLED: 'true', ...environment };
  const written = listenToOutput();
  try {
    const site = parameters.includes('--bucket') ? [] : ['--ghost', folder];
    await createProgram().parseAsync(['policy', ...site, ...parameters], { from: 'user' });
    return { policy: JSON.parse(written.stdout) as Policy, refusal: '' };
  } catch (error) {
    const { message, cure } = error as Failure;
    return { policy: { Version: '', Statement: [] } as Policy, refusal: `${message} ${cure}` };
  } finally {
    written.restore();
    process.env = before;
  }
}

function configFile(adapter: Record<string, unknown>): string {
  const file = path.join(folder, 'config.production.json');
  writeFileSync(file, JSON.stringify({ storage: { active: ADAPTER, [ADAPTER]: adapter } }));
  return file;
}

const ADAPTER_BLOCK = {
  bucket: 'pictures',
  region: 'eu-central-1',
  cdnUrl: 'https://images.example.com',
  distributionId: 'E2EXAMPLE1ABCD',
};

/** A policy of the template, for the bucket and the distribution of the tests. */
function templatePolicy(resource: string, parameters: Record<string, string> = {}): unknown {
  const { Resources } = render(readTemplate(), { ...SMALLEST, ...parameters });
  const text = JSON.stringify(Resources[resource]?.Properties.PolicyDocument, (_key, value: unknown) => {
    const reference = value as Record<string, unknown> | null;
    if (reference && typeof reference === 'object' && 'Fn::GetAtt' in reference) {
      return `\${${(reference['Fn::GetAtt'] as string[]).join('.')}}`;
    }
    return reference && typeof reference === 'object' && 'Fn::Sub' in reference ? reference['Fn::Sub'] : value;
  });
  return JSON.parse(
    text.replaceAll('${Bucket.Arn}', 'arn:aws:s3:::pictures').replaceAll('${Distribution}', 'E2EXAMPLE1ABCD'),
  );
}

describe('policy', () => {
  test("is the template's, for Ghost's configuration", async () => {
    const { policy } = await run(['--config', configFile(ADAPTER_BLOCK), '--account', ACCOUNT]);
    expect(policy).toEqual(templatePolicy('GhostPolicy'));
  });

  test('is for one of several blogs when Ghost has a tenant prefix', async () => {
    const file = configFile({ ...ADAPTER_BLOCK, tenantPrefix: 'seven' });
    expect((await run(['--config', file, '--account', ACCOUNT])).policy).toEqual(
      templatePolicy('GhostPolicy', { TenantPrefix: 'seven' }),
    );
  });

  test('needs no Ghost when bucket and CDN are given', async () => {
    const { policy } = await run(['--bucket', 'pictures', '--cdn-url', 'images.example.com']);
    expect(policy.Statement.map(({ Sid }) => Sid)).toEqual(['Files', 'WhatIsThere']);
    expect(policy.Statement[0]?.Resource).toContain('arn:aws:s3:::pictures/content/images/*');
  });

  test('includes the distribution only where there is one', async () => {
    const { policy } = await run(['--config', configFile(ADAPTER_BLOCK)]);
    const invalidation = policy.Statement.at(-1);
    expect(invalidation).toMatchObject({
      Action: 'cloudfront:CreateInvalidation',
      Resource: 'arn:aws:cloudfront::*:distribution/E2EXAMPLE1ABCD',
    });
  });

  test.each([
    ['arn:aws:kms:eu-central-1:123456789012:key/1234', { Resource: 'arn:aws:kms:eu-central-1:123456789012:key/1234' }],
    ['1234', { Resource: 'arn:aws:kms:eu-central-1:*:key/1234' }],
    [
      'alias/pictures',
      {
        Resource: 'arn:aws:kms:eu-central-1:*:key/*',
        Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/pictures' } },
      },
    ],
  ])('allows what S3 does with the key %s', async (kmsKeyId, expected) => {
    const file = configFile({ ...ADAPTER_BLOCK, serverSideEncryption: 'aws:kms', kmsKeyId });
    expect((await run(['--config', file])).policy.Statement.at(-1)).toEqual({
      Sid: 'EncryptionKey',
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      ...expected,
    });
  });

  test("covers each feature's configuration: its bucket, path, ACL and key", async () => {
    const file = path.join(folder, 'config.production.json');
    const media = { adapter: ADAPTER, bucket: 'videos', kmsKeyId: '1234', serverSideEncryption: 'aws:kms' };
    const storage = {
      active: ADAPTER,
      media: { ...media, staticFileURLPrefix: 'content/media' },
      [ADAPTER]: { ...ADAPTER_BLOCK, distributionId: undefined, acl: 'private' },
    };
    writeFileSync(file, JSON.stringify({ storage }));
    const { policy } = await run(['--config', file, '--account', ACCOUNT]);
    expect(policy.Statement.map(({ Sid, Resource }) => [Sid, Resource])).toEqual([
      ['Files', ['arn:aws:s3:::pictures/content/images/*', 'arn:aws:s3:::pictures/content/files/*']],
      ['WhatIsThere', 'arn:aws:s3:::pictures'],
      ['Files2', ['arn:aws:s3:::videos/content/media/*']],
      ['WhatIsThere2', 'arn:aws:s3:::videos'],
      ['EncryptionKey', `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234`],
    ]);
    expect(policy.Statement[0]?.Action).toContain('s3:PutObjectAcl');
  });

  test.each([
    ['cn-north-1', 'arn:aws-cn:s3:::pictures'],
    ['us-gov-west-1', 'arn:aws-us-gov:s3:::pictures'],
    ['eusc-de-east-1', 'arn:aws-eusc:s3:::pictures'],
    ['us-iso-east-1', 'arn:aws-iso:s3:::pictures'],
    ['us-isob-east-1', 'arn:aws-iso-b:s3:::pictures'],
    ['eu-isoe-west-1', 'arn:aws-iso-e:s3:::pictures'],
    ['cn-south-9', 'arn:aws-cn:s3:::pictures'],
    ['mars-north-1', 'arn:aws:s3:::pictures'],
  ])('is for the partition of %s', async (region, arn) => {
    const { policy } = await run(['--config', configFile({ ...ADAPTER_BLOCK, region })]);
    expect(policy.Statement[1]?.Resource).toBe(arn);
  });

  test('reads the configuration from the environment, as in Docker', async () => {
    writeFileSync(path.join(folder, 'config.production.json'), '{}');
    const { policy } = await run([], {
      storage__active: ADAPTER,
      [`storage__${ADAPTER}__bucket`]: 'from-the-environment',
      [`storage__${ADAPTER}__cdnUrl`]: 'https://images.example.com',
    });
    expect(policy.Statement[1]?.Resource).toBe('arn:aws:s3:::from-the-environment');
  });
});

describe('policy --bucket-policy', () => {
  test("is the template's", async () => {
    const { policy } = await run(['--config', configFile(ADAPTER_BLOCK), '--bucket-policy', '--account', ACCOUNT]);
    expect(policy).toEqual(templatePolicy('BucketPolicy'));
  });

  test('requires the distribution and the account, without which it would open the bucket to others', async () => {
    const file = configFile({ ...ADAPTER_BLOCK, distributionId: undefined });
    const refusal = async (...parameters: string[]) => (await run([...parameters, '--bucket-policy'])).refusal;
    expect(await refusal('--config', file)).toContain('--distribution-id E2EXAMPLE1ABCD');
    const named = ['--config', configFile(ADAPTER_BLOCK)];
    expect(await refusal(...named)).toContain('--account 123456789012');
    expect(await refusal(...named, '--account', '12345')).toContain('--account is "12345"');
  });

  test('says that no credentials were found', async () => {
    const { refusal } = await run(['--config', configFile(ADAPTER_BLOCK), '--bucket-policy']);
    expect(refusal).toContain('is unknown: no AWS credentials were found.');
  });

  test.each([
    ['the option', ['--region', 'eu-west-3'], { AWS_REGION: 'eu-west-1' }, 'eu-west-3'],
    ['AWS_REGION', [], { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' }, 'eu-west-1'],
    ['AWS_DEFAULT_REGION', [], { AWS_DEFAULT_REGION: 'eu-west-2' }, 'eu-west-2'],
    ['nothing', [], {}, 'us-east-1'],
  ])('asks for the account in the region that %s names', async (_setting, parameters, environment, region) => {
    const signatures: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      signatures.push(headers.authorization);
      response.end(
        `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>${ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { policy } = await run(
      ['--bucket', 'pictures', '--cdn-url', 'images.example.com', '--distribution-id', 'E2EXAMPLE1ABCD'].concat(
        '--bucket-policy',
        parameters,
      ),
      {
        AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'example',
        ...environment,
      },
    ).finally(() => server.close());
    expect(signatures).toEqual([expect.stringContaining(`/${region}/sts/`)]);
    expect(policy).toEqual(templatePolicy('BucketPolicy'));
  });
});
