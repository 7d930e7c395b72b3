import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { HostDescription } from '../../../../src/aws/host-description';
import { applyDefaults, withDefaults } from '../../../../src/commands/provision/defaults';
import { readSettings } from '../../../../src/commands/provision/settings';
import type { AwsAccount } from '../../../support/aws-account';
import { type CommandLine, openProvisioning, runProvision } from '../../../support/command-line';

jest.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));
jest.mock('node:dns/promises', () => jest.requireActual<object>('../../../support/no-dns'));

/** The machine that the command runs on; `silent`: its metadata service does not answer. */
let machine: (Partial<HostDescription> & Pick<HostDescription, 'host'>) | undefined;
jest.mock('../../../../src/aws/host', () => ({
  detectHost: () => Promise.resolve(machine?.host),
}));
jest.mock('../../../../src/aws/host-description', () => ({
  describeHost: () => Promise.resolve(machine?.account === undefined ? undefined : machine),
}));

let line: CommandLine & { account: AwsAccount };
let account: AwsAccount;
let folder: string;
const workingDirectory = process.cwd();
const isTerminal = process.stdout.isTTY;

beforeEach(async () => {
  machine = undefined;
  line = await openProvisioning(({ certificates }) => certificates.add({ names: ['images.example.com'] }));
  ({ account, folder } = line);
  process.chdir(folder);
  process.env.NODE_ENV = 'production';
});
afterEach(() => {
  process.chdir(workingDirectory);
  process.stdout.isTTY = isTerminal;
  line.close();
});

const run = (...parameters: string[]) => runProvision(line.written, ...parameters);
const plan = (...parameters: string[]) => run('--dry-run', ...parameters);

/** Writes a Ghost's configuration into the working directory. */
function writeGhost(config: object): string {
  const file = path.join(folder, 'config.production.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

const parameters = () => account.stacks.all.at(-1)?.parameters ?? {};
const keys = () => account.identities.users.flatMap(({ accessKeys }) => accessKeys);

describe("Ghost's identity without an option", () => {
  test.each<[NonNullable<typeof machine>, string, RegExp]>([
    [{ host: 'ec2', account: '123456789012' }, 'ec2-role', /this is an EC2 instance/],
    [{ host: 'ecs', account: '123456789012' }, 'ecs-task-role', /this is an ECS task/],
    [{ host: 'ec2', account: '999999999999' }, 'iam-user', /another account, as on Lightsail/],
    [{ host: 'ec2' }, 'iam-user', /metadata service does not answer/],
  ])('is what the machine can: %j → %s', async (on, identity, reason) => {
    machine = on;
    const said = await run('--yes', '--no-ghost');
    expect(parameters().Identity).toBe(identity);
    expect(said).toMatch(new RegExp(`Identity +${identity} \\(.*use --identity for another one`));
    expect(said).toMatch(reason);
    expect(keys()).toEqual([]);
  });

  test('elsewhere is a user, whose key is created with --write-config and shown as a step of the plan', async () => {
    const file = writeGhost({ url: 'https://blog.example.com' });
    const said = await run('--yes', '--write-config', file);
    expect(said).toMatch(new RegExp(`access key +for the user, written to ${file}`));
    expect(keys()).toHaveLength(1);
    expect(readFileSync(file, 'utf8')).toContain(keys()[0]?.secret);
    expect(said).not.toContain(keys()[0]?.secret);
  });

  test('is a user without a key where its secret would only be in a log', async () => {
    for (const more of [[], ['--json']]) {
      await run('--yes', '--no-ghost', ...more);
      expect(parameters().Identity).toBe('iam-user');
      expect(keys()).toEqual([]);
    }
    expect(await run('--yes')).toContain('aws iam create-access-key --user-name');
  });

  test.each<[string, { isTTY: boolean; CI?: string; json?: boolean }, boolean]>([
    ['on a terminal', { isTTY: true }, true],
    ['in a file or a pipe', { isTTY: false }, false],
    ['as JSON', { isTTY: true, json: true }, false],
    ['in the log of a CI', { isTTY: true, CI: 'true' }, false],
  ])('is a user with a key if it is seen once by its owner: %s', async (_, { isTTY, CI, json }, isCreated) => {
    process.stdout.isTTY = isTTY;
    delete process.env.CI;
    Object.assign(process.env, CI && { CI });
    const options = { domain: 'images.example.com', ghost: false, json };
    const settings = applyDefaults(await withDefaults(readSettings(options), options), undefined);
    expect(settings.parameters.Identity).toBe('iam-user');
    expect(settings.createAccessKey).toBe(isCreated);
  });

  test('is policy-only for an image server with only folders', async () => {
    await run('--yes', '--folder', 'downloads');
    expect(parameters().Identity).toBe('policy-only');
  });

  test.each(['policy-only', 'ec2-role', 'iam-user'])('is what --identity says: %s', async (identity) => {
    machine = { host: 'ecs', account: '123456789012' };
    const said = await run('--yes', '--no-ghost', '--identity', identity);
    expect(parameters().Identity).toBe(identity);
    expect(said).not.toMatch(/Identity +/);
    expect(keys()).toEqual([]);
  });

  test('never changes in an existing image server', async () => {
    await run('--yes', '--no-ghost', '--identity', 'policy-only');
    machine = { host: 'ec2', account: '123456789012' };
    const file = writeGhost({ url: 'https://blog.example.com' });
    expect(await run('--write-config', file)).toContain('Nothing was changed');
    expect(parameters()).toMatchObject({ Identity: 'policy-only', GhostHost: '' });
    expect(keys()).toEqual([]);
  });

  test('is in a dry run, too', async () => {
    machine = { host: 'ec2' };
    expect(await plan('--no-ghost')).toMatch(/Identity +ec2-role \(this is an EC2 instance/);
  });
});

describe("the blog's URL without an option", () => {
  test('is that of the file of --write-config, and the plan says so', async () => {
    const file = writeGhost({ url: 'https://blog.example.com/news/' });
    process.chdir(workingDirectory);
    const said = await run('--yes', '--write-config', file);
    expect(said).toMatch(new RegExp(`Blog +https://blog\\.example\\.com/news/ \\(from "url" in ${file}`));
    expect(parameters()).toMatchObject({ GhostHost: 'blog.example.com', GhostPath: '/news' });
  });

  test('is that of the Ghost in the working directory', async () => {
    writeGhost({ url: 'https://blog.example.com' });
    await run('--yes');
    expect(parameters().GhostHost).toBe('blog.example.com');
  });

  test('is that of the environment, which overrides the file as in Ghost', async () => {
    writeGhost({ url: 'http://localhost:2368' });
    process.env.url = 'https://blog.example.com';
    expect(await plan()).toMatch(/Blog +https:\/\/blog\.example\.com \(from the environment variable url/);
    delete process.env.url;
  });

  test.each(['http://localhost:2368', 'http://blog.example.com', 'https://blog.example.com:2368', 'https://localhost'])(
    'is not used when CloudFront cannot connect to it: %s',
    async (url) => {
      writeGhost({ url });
      const said = await plan();
      expect(said).toContain(`is "${url}" (from "url" in `);
      expect(said).toContain('--ghost-url https://blog.example.com');
      expect(said).not.toContain('Ghost creates missing image sizes');
    },
  );

  test('never shows a password', async () => {
    writeGhost({ url: 'https://me:hunter2@blog.example.com' });
    expect(await plan()).not.toContain('hunter2');
  });

  test('gives way to --ghost-url and --no-ghost', async () => {
    writeGhost({ url: 'https://blog.example.com' });
    expect(await plan('--ghost-url', 'https://other.example.com')).not.toContain('blog.example.com');
    const without = await plan('--no-ghost');
    expect(without).not.toContain('blog.example.com');
    expect(without).not.toContain('⚠');
  });

  test('is missing with a warning in the plan that names the consequence and the option', async () => {
    for (const said of [await plan(), await run('--yes')]) {
      expect(said).toMatch(/⚠ The blog's URL is unknown\. .*image sizes that are missing.*\n.*--ghost-url/);
    }
    expect(await plan('--folder', 'downloads')).not.toContain('⚠');
  });

  test('is taken of a newer Ghost than those that are tested, with a warning', async () => {
    writeGhost({ url: 'https://blog.example.com' });
    mkdirSync(path.join(folder, 'current'));
    const write = (version: string) =>
      writeFileSync(path.join(folder, 'current/package.json'), JSON.stringify({ name: 'ghost', version }));
    write('6.65.0');
    expect(await plan()).not.toContain('⚠');
    write('7.0.0');
    expect(await plan()).toContain(
      '⚠ This is Ghost 7.0.0. This version of the adapter is tested with Ghost 5 and 6 only',
    );
  });

  test('is not read from a configuration that is not JSON', async () => {
    writeFileSync(path.join(folder, 'config.production.json'), '{ "url": ');
    expect(await plan()).toContain("The blog's URL is unknown");
  });
});

describe('the costs of the plan', () => {
  beforeEach(() => {
    writeGhost({ url: 'https://blog.example.com' });
    mkdirSync(path.join(folder, 'content/images/2026/11'), { recursive: true });
  });

  test("are those of this blog's own files", async () => {
    for (const name of ['a.jpg', 'b.jpg']) {
      writeFileSync(path.join(folder, 'content/images/2026/11', name), Buffer.alloc(500_000));
    }
    const said = await plan();
    expect(said).toContain(
      `less than $0.01 a month for your files: 2 files, 1.0 MB in ${path.join(folder, 'content')}`,
    );
    expect(said).toContain(
      '10 million requests a month are free, then about $0.085 per GB and $1.00 per million requests',
    );
    expect(said).not.toContain('for 10 GB of files');
  });

  test('are an example without files', async () => {
    expect(await plan()).toContain('for example $0.24 a month for 10 GB of files and 2,000 new ones');
  });
});

describe('--template', () => {
  test('writes the template into a new file, and builds nothing', async () => {
    const file = path.join(folder, 'template.yaml');
    const said = await run('--template', file, '--no-ghost');
    expect(said).toContain(`The template was written to ${file}.`);
    expect(said).not.toContain('AWSTemplateFormatVersion');
    expect(readFileSync(file, 'utf8')).toMatch(/^AWSTemplateFormatVersion/);
    expect(account.stacks.all).toEqual([]);
  });

  test('does not change an existing file', async () => {
    const file = path.join(folder, 'template.yaml');
    writeFileSync(file, 'mine');
    await expect(run('--template', file)).rejects.toThrow(`${file} already exists`);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  test('names the cause where the file cannot be written', async () => {
    const file = path.join(folder, 'none/template.yaml');
    await expect(run('--template', file)).rejects.toThrow(`${file} cannot be written (ENOENT).`);
    expect(existsSync(file)).toBe(false);
  });

  test('prints it alone with -, and refuses that with --json', async () => {
    expect(await run('--template', '-', '--no-ghost')).toMatch(/^AWSTemplateFormatVersion[^]*TLSv1\.2_2025[^]*\n$/);
    expect(line.written.stderr).toContain('Image server https://images.example.com');
    await expect(run('--template', '-', '--json')).rejects.toThrow('cannot be used together');
  });
});
