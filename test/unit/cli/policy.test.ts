import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ADAPTER } from '../../../src/cli/ghost-config';
import { readTemplate } from '../../../src/provision/read-template';
import { PSEUDO_PARAMETERS, render } from '../../support/template/render';
import { SMALLEST } from '../../support/template/parameter-sets';

const cli = path.resolve(__dirname, '../../../dist/cli.js');
const ACCOUNT = PSEUDO_PARAMETERS['AWS::AccountId'] ?? '';

interface Policy {
  Version: string;
  Statement: { Sid: string; Action: string | string[]; Resource: string | string[]; Condition?: unknown }[];
}

let folder: string;
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'policy-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(parameters: string[], environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'policy', ...parameters], {
    cwd: folder,
    encoding: 'utf8',
    env: { HOME: folder, PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: 'true', NO_COLOR: '1', ...environment },
  });
  return { status, stderr, policy: (stdout ? JSON.parse(stdout) : undefined) as Policy };
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
  test("is the template's, for the configuration of Ghost", () => {
    const { policy, status } = run(['--config', configFile(ADAPTER_BLOCK), '--account', ACCOUNT]);
    expect(status).toBe(0);
    expect(policy).toEqual(templatePolicy('GhostPolicy'));
  });

  test('is for one of several blogs when Ghost has a tenant prefix', () => {
    const file = configFile({ ...ADAPTER_BLOCK, tenantPrefix: 'seven' });
    expect(run(['--config', file, '--account', ACCOUNT]).policy).toEqual(
      templatePolicy('GhostPolicy', { TenantPrefix: 'seven' }),
    );
  });

  test('needs no Ghost, when bucket and CDN are named', () => {
    const { policy } = run(['--bucket', 'pictures', '--cdn-url', 'images.example.com']);
    expect(policy.Statement.map(({ Sid }) => Sid)).toEqual(['Files', 'WhatIsThere']);
    expect(policy.Statement[0]?.Resource).toContain('arn:aws:s3:::pictures/content/images/*');
  });

  test('says nothing of the distribution where there is none, and names it where there is', () => {
    const invalidation = run(['--config', configFile(ADAPTER_BLOCK)]).policy.Statement.at(-1);
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
  ])('allows what S3 asks of the key %s', (kmsKeyId, expected) => {
    const file = configFile({ ...ADAPTER_BLOCK, serverSideEncryption: 'aws:kms', kmsKeyId });
    expect(run(['--config', file]).policy.Statement.at(-1)).toEqual({
      Sid: 'EncryptionKey',
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      ...expected,
    });
  });

  test('reads the configuration from the environment, as in Docker', () => {
    writeFileSync(path.join(folder, 'config.production.json'), '{}');
    const { policy } = run([], {
      storage__active: ADAPTER,
      [`storage__${ADAPTER}__bucket`]: 'from-the-environment',
      [`storage__${ADAPTER}__cdnUrl`]: 'https://images.example.com',
    });
    expect(policy.Statement[1]?.Resource).toBe('arn:aws:s3:::from-the-environment');
  });
});

describe('policy --bucket-policy', () => {
  test("is the template's", () => {
    const { policy } = run(['--config', configFile(ADAPTER_BLOCK), '--bucket-policy', '--account', ACCOUNT]);
    expect(policy).toEqual(templatePolicy('BucketPolicy'));
  });

  test('asks for the distribution and the account, without which it would open the bucket to others', () => {
    const file = configFile({ ...ADAPTER_BLOCK, distributionId: undefined });
    expect(run(['--config', file, '--bucket-policy']).stderr).toContain('--distribution-id E2EXAMPLE1ABCD');
    expect(run(['--config', configFile(ADAPTER_BLOCK), '--bucket-policy']).stderr).toContain('--account 123456789012');
    const wrong = run(['--config', configFile(ADAPTER_BLOCK), '--bucket-policy', '--account', '12345']);
    expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('--account is "12345"')]);
  });
});
