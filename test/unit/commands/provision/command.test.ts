import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AwsAccount } from '../../../support/aws-account';
import { type CommandLine, openProvisioning, runProvision } from '../../../support/command-line';

jest.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));
jest.mock('node:dns/promises', () => jest.requireActual<object>('../../../support/no-dns'));

const DOMAIN = 'images.example.com';
const NEW = ['--ghost-url', 'https://blog.example.com', '--yes'];

let line: CommandLine & { account: AwsAccount };
let account: AwsAccount;
let written: CommandLine['written'];
let folder: string;

beforeEach(async () => {
  line = await openProvisioning(({ certificates }) => certificates.add({ names: [DOMAIN] }));
  ({ account, written, folder } = line);
});
afterEach(() => line.close());

const run = (...parameters: string[]) => runProvision(written, ...parameters);

const secretOf = () =>
  /"cdnFallbackSecret":"([^"]+)"/.exec(JSON.stringify(account.stacks.all.map(({ parameters }) => parameters)))?.[1] ??
  account.stacks.all.at(-1)?.parameters.FallbackSecret ??
  '';

describe('the final output of provision', () => {
  test("lists what was created, Ghost's configuration, Ghost's identity and the remaining steps", async () => {
    const said = await run(...NEW);
    const [distribution] = account.distributions.all;
    expect(said).toContain(`✔ https://${DOMAIN} is built.`);
    expect(said).toMatch(new RegExp(`DistributionId +${distribution?.id}`));
    expect(said).toMatch(new RegExp(`Name +${DOMAIN}\\n`));
    expect(said).toContain(`Value  ${distribution?.domainName}`);
    expect(said).toMatch(
      /Ghost authenticates as the user ghost-images-example-com-GhostUser\S+, which needs an access key:/,
    );
    const block = JSON.parse(said.slice(said.indexOf('{\n  "storage"'), said.lastIndexOf('}') + 1)) as {
      storage: { S3CloudFrontStorage: unknown };
    };
    expect(block.storage.S3CloudFrontStorage).toMatchObject({ cdnFallbackSecret: secretOf() });
    expect(said).toContain('no effect until `install` activates them');
    expect(await run(...NEW)).toContain(`✔ https://${DOMAIN} is up to date. Nothing was changed.`);
  });

  test.each([
    ['policy-only', 'Attach the policy arn:aws:iam::123456789012:policy/'],
    ['iam-user', 'aws iam create-access-key --user-name'],
    ['ec2-role', 'aws ec2 associate-iam-instance-profile'],
    ['ecs-task-role', 'taskRoleArn'],
  ])('explains how Ghost gets credentials with --identity %s', async (identity, advice) => {
    expect(await run(...NEW, '--identity', identity)).toContain(advice);
  });

  test('continues with migrate and install, while Ghost can be restarted at any time', async () => {
    expect(await run(...NEW)).toMatch(
      /Next:\n {2}npx ghost-storage-s3-cloudfront migrate .*\n {2}npx ghost-storage-s3-cloudfront install /,
    );
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, '{}');
    const said = await run(...NEW, '--write-config', file);
    expect(said).toContain(`npx ghost-storage-s3-cloudfront migrate --config ${file} `);
    expect(said).toContain(`npx ghost-storage-s3-cloudfront install --config ${file} `);
    expect(said).not.toMatch(/restart Ghost|before Ghost starts/);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      storage: { S3CloudFrontStorage: expect.objectContaining({ cdnUrl: `https://${DOMAIN}` }) },
    });
  });

  test('has install again after it, where Ghost uses the adapter already', async () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, '{ "storage": { "active": "S3CloudFrontStorage" } }');
    const said = await run(...NEW, '--write-config', file);
    expect(said).toContain(`npx ghost-storage-s3-cloudfront install --config ${file}   (applies`);
    expect(said).not.toContain('no effect');
  });

  test.each(['ghost.env', '.'])(
    'is for a Ghost of Docker Compose with an empty env file: --write-config %s',
    async (name) => {
      const compose =
        'services: {ghost: {image: "ghost:6", env_file: ghost.env, volumes: ["./c:/var/lib/ghost/content"]}}';
      writeFileSync(path.join(folder, 'compose.yml'), compose);
      const file = path.join(folder, 'ghost.env');
      writeFileSync(file, '', { mode: 0o600 });
      const said = await run(...NEW, '--write-config', path.join(folder, name));
      expect(said).toContain(`npx ghost-storage-s3-cloudfront install --config ${file} `);
      expect(said).toContain('no effect until `install` activates them');
      expect(readFileSync(file, 'utf8')).toContain(`storage__S3CloudFrontStorage__cdnUrl="https://${DOMAIN}"\n`);
    },
  );

  test('shows an access key with its secret once', async () => {
    const options = [...NEW, '--identity', 'iam-user', '--create-access-key'];
    const said = await run(...options);
    const key = account.identities.users[0]?.accessKeys[0];
    expect(said).toContain(key?.secret);
    expect(said).toContain(`with the access key ${key?.id}. Save its secret`);
    expect(await run(...options)).not.toContain(key?.secret);
  });

  test('does not ask for an access key where Ghost has one', async () => {
    await run(...NEW, '--identity', 'iam-user', '--create-access-key');
    const key = account.identities.users[0]?.accessKeys[0]?.id;
    const said = await run(...NEW);
    expect(said).toContain(`which already has the access key ${key}.\nKeep it in Ghost's configuration`);
    expect(said).not.toContain('aws iam create-access-key');
    account.deny('iam:ListAccessKeys');
    expect(await run(...NEW)).toContain('✔ https://images.example.com is up to date.');
  });

  test('leaves out the secret when it is written to a file', async () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, '{ "url": "https://blog.example.com" }');
    chmodSync(file, 0o644);
    const said = await run(...NEW, '--write-config', file);
    expect(readFileSync(file, 'utf8')).toContain(secretOf());
    expect(said).not.toContain(secretOf());
    expect(said).toMatch(/Your previous configuration is saved as .*\.backup/);
    if (process.platform !== 'win32') {
      expect(said).toMatch(/Every user of this machine can read .*cdnFallbackSecret[^]*chmod 640/);
    }
    const again = await run(...NEW, '--write-config', file);
    expect(again).toContain(`The options are in ${file}.`);
  });

  test('has the configuration itself when the file cannot be written: nothing is lost', async () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, '{}');
    const options = [...NEW, '--identity', 'iam-user', '--create-access-key', '--write-config', file];
    // Somebody takes the folder away while AWS is at work.
    account.interruptAfter(30, () => rmSync(folder, { recursive: true }));
    const said = await run(...options);
    expect(said).toContain('could not be written (ENOENT');
    expect(said).toContain(account.identities.users[0]?.accessKeys[0]?.secret);
    expect(process.exitCode).toBe(1);
  });

  test('is only JSON with --json', async () => {
    const result = JSON.parse(await run(...NEW, '--json')) as Record<string, unknown>;
    expect(result).toMatchObject({
      changed: true,
      stackName: 'ghost-images-example-com',
      outputs: { CdnUrl: `https://${DOMAIN}` },
      ghostConfig: { storage: { S3CloudFrontStorage: { cdnUrl: `https://${DOMAIN}` } } },
      missingRecord: { name: DOMAIN },
    });
    expect(written.stderr).toContain('CREATE_COMPLETE');
  });
});

test("takes the secret out of Ghost's configuration with --no-ghost, and leaves the rest", async () => {
  const file = path.join(folder, 'config.production.json');
  writeFileSync(file, '{ "url": "https://blog.example.com" }');
  await run(...NEW, '--write-config', file);
  expect(readFileSync(file, 'utf8')).toContain('cdnFallbackSecret');
  await run('--yes', '--no-ghost', '--write-config', file);
  const config = JSON.parse(readFileSync(file, 'utf8')) as { url: string; storage: { S3CloudFrontStorage: object } };
  expect(config.url).toBe('https://blog.example.com');
  expect(config.storage.S3CloudFrontStorage).toMatchObject({ cdnUrl: `https://${DOMAIN}` });
  expect(config.storage.S3CloudFrontStorage).not.toHaveProperty('cdnFallbackSecret');
});

describe('the output of the other commands', () => {
  beforeEach(async () => void (await run(...NEW)));

  test('shows the state of the image server', async () => {
    const said = await run('status');
    expect(said).toMatch(/Stack +ghost-images-example-com: CREATE_COMPLETE/);
    expect(said).toMatch(/Certificate +ISSUED, until \d{4}-\d\d-\d\d/);
    expect(said).toMatch(/DNS +images\.example\.com does not point to d\w+\.cloudfront\.net \(yet\)/);
    expect(JSON.parse(await run('status', '--json'))).toMatchObject({ pointsToDistribution: false });
  });

  test('shows the differences', async () => {
    expect(await run('diff')).toContain('Nothing was changed outside of CloudFormation.');
    account.drift('ghost-images-example-com', 'Bucket', [
      { PropertyPath: '/A', ExpectedValue: 'on', ActualValue: 'off', DifferenceType: 'NOT_EQUAL' },
    ]);
    const said = await run('diff');
    expect(said).toMatch(/Bucket \(.*\): MODIFIED/);
    expect(said).toContain('/A: on → off');
    expect(JSON.parse(await run('diff', '--json'))).toMatchObject({ drifts: [{ resource: 'Bucket' }] });
  });

  test('lists the leftovers of a deleted image server', async () => {
    const bucket = account.buckets.all[0]?.name;
    const said = await run('destroy', '--yes');
    expect(said).toContain(
      `The bucket ${bucket} was kept, with every file. To use it again: provision --bucket ${bucket}`,
    );
    expect(said).toContain('aws acm delete-certificate --region us-east-1');
    const again = await run('destroy', '--yes');
    expect(again).toContain('The stack ghost-images-example-com was already deleted.');
    expect(again).toContain(`Delete the record ${DOMAIN} at your DNS provider`);
    expect(again).toContain(`The bucket ${bucket} was kept`);
    account.buckets.all.splice(0);
    account.stacks.all.splice(0);
    expect(await run('destroy', '--yes')).toContain('nothing to delete');
    expect(JSON.parse(await run('destroy', '--yes', '--json'))).toEqual({});
  });
});
