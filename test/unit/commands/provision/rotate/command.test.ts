import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AwsAccount } from '../../../../support/aws-account';
import { type CommandLine, openProvisioning, runProvision } from '../../../../support/command-line';
import { provisionOnce } from '../../../../support/provisioning';

let line: CommandLine & { account: AwsAccount };
let account: AwsAccount;
let written: CommandLine['written'];
let folder: string;

beforeEach(async () => {
  line = await openProvisioning((fresh) => {
    fresh.hostedZones.add({ name: 'example.com' });
    return provisionOnce(fresh, { identity: 'iam-user', createAccessKey: true });
  });
  ({ account, written, folder } = line);
});
afterEach(() => line.close());

const run = (...parameters: string[]) => runProvision(written, ...parameters);

describe('the options of a rotation', () => {
  test.each([
    [['--rotate-secret', '--rotate-access-key'], '--rotate-secret and --rotate-access-key cannot be used together.'],
    [['--rotate-secret', '--bucket', 'other'], '--rotate-secret and --bucket cannot be used together.'],
    [['--rotate-secret', '--no-ghost'], '--rotate-secret and --no-ghost cannot be used together.'],
    [['--rotate-secret', '--folder', 'downloads'], '--rotate-secret and --folder cannot be used together.'],
    [['--rotate-secret', '--dry-run'], '--rotate-secret and --dry-run cannot be used together.'],
    [
      ['--rotate-access-key', '--create-access-key'],
      '--rotate-access-key and --create-access-key cannot be used together.',
    ],
    [
      ['--rotate-access-key', '--ghost-url', 'https://a.example.com'],
      '--rotate-access-key and --ghost-url cannot be used',
    ],
    [['--rotate-secret', '--ghost-url', 'http://a.example.com'], '--ghost-url is "http://a.example.com", which is not'],
    [['--rotate-secret', '--write-config', ' '], '--write-config is empty.'],
  ])('%j are refused before AWS is asked', async (parameters, message) => {
    const before = account.calls.length;
    await expect(run(...parameters)).rejects.toThrow(message);
    expect(account.calls).toHaveLength(before);
  });

  test('name a configuration file that must be one before AWS is asked', async () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, 'not JSON');
    const before = account.calls.length;
    await expect(run('--rotate-access-key', '--write-config', file)).rejects.toThrow(/Ghost cannot read/);
    expect(account.calls).toHaveLength(before);
  });

  test('have with --json only the result on the standard output', async () => {
    await run('--rotate-access-key', '--yes', '--json');
    const [, second] = account.identities.users[0]?.accessKeys ?? [];
    expect(JSON.parse(written.stdout)).toEqual({
      stackName: 'ghost-images-example-com',
      accessKeyId: second?.id,
      ghostConfig: { storage: { S3CloudFrontStorage: { accessKeyId: second?.id, secretAccessKey: second?.secret } } },
    });
    expect(written.stderr).toContain('Restart Ghost with the new key');
    expect(written.stderr).not.toContain(second?.secret);
  });

  test('need a terminal or --yes, and leave everything as it is without', async () => {
    await expect(run('--rotate-access-key')).rejects.toThrow(/this is not a terminal/);
    expect(account.identities.users[0]?.accessKeys).toHaveLength(1);
  });
});
