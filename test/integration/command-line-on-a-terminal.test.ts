import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasPseudoTerminal, KEYS, runOnTerminal, type TerminalSession } from '../support/pseudo-terminal';

const cli = path.resolve(__dirname, '../../dist/cli.js');

const DOMAIN = 'images.example.com';
const STACK_ID = 'arn:aws:cloudformation:eu-central-1:123456789012:stack/ghost-images-example-com/1';
const DESTROY = ['provision', 'destroy', '--domain', DOMAIN];
const STOPPING = 'Stopping … (press Ctrl-C again to stop without waiting)';

/** The answers of AWS by action, in XML. What is not here is never answered. */
const ANSWERS: Record<string, (stackStatus: string) => string> = {
  GetCallerIdentity: () => '<Arn>arn:aws:iam::123456789012:user/ada</Arn><Account>123456789012</Account>',
  DescribeStacks: (stackStatus) => `
    <Stacks><member>
      <StackId>${STACK_ID}</StackId>
      <StackName>ghost-images-example-com</StackName>
      <StackStatus>${stackStatus}</StackStatus>
      <CreationTime>2026-11-24T00:00:00Z</CreationTime>
      <Parameters>
        <member><ParameterKey>Domain</ParameterKey><ParameterValue>${DOMAIN}</ParameterValue></member>
        <member>
          <ParameterKey>CertificateArn</ParameterKey>
          <ParameterValue>arn:aws:acm:us-east-1:123456789012:certificate/1</ParameterValue>
        </member>
      </Parameters>
    </member></Stacks>`,
  DescribeStackEvents: () => '<StackEvents/>',
  DeleteStack: () => '',
};

/** A stand-in for STS and CloudFormation with one stack, which writes down what is asked, and by whom. */
class LittleAws {
  readonly actions: string[] = [];
  readonly accessKeyIds = new Set<string>();
  /** Actions that are not answered. */
  readonly silent = new Set<string>();
  /** Of the stack, once its deletion was asked for. */
  statusAfterDeletion = 'DELETE_COMPLETE';
  private readonly server: Server = createServer((request, response) => {
    void (async () => {
      const action = new URLSearchParams(await text(request)).get('Action') ?? 'unknown';
      const accessKeyId = /Credential=(\w+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
      this.actions.push(action);
      this.accessKeyIds.add(accessKeyId);
      const stackStatus = this.actions.includes('DeleteStack') ? this.statusAfterDeletion : 'CREATE_COMPLETE';
      const answer = this.silent.has(action) ? undefined : ANSWERS[action]?.(stackStatus);
      if (answer !== undefined) {
        response.end(`<${action}Response><${action}Result>${answer}</${action}Result></${action}Response>`);
      }
    })();
  });

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** Waits until the action is asked for. */
  async isAsked(action: string): Promise<void> {
    while (!this.actions.includes(action)) {
      await sleep(20);
    }
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

let folder: string;
let aws: LittleAws;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'on-a-terminal-'));
  aws = new LittleAws();
  await aws.start();
});
afterEach(() => {
  aws.stop();
  rmSync(folder, { recursive: true });
});

/** Neither credentials nor settings of the machine, but those of the test. */
const environment = () => ({
  HOME: folder,
  PATH: process.env.PATH,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ENDPOINT_URL: aws.url,
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIAENVIRONMENT',
  AWS_SECRET_ACCESS_KEY: 'secret',
});

const hasDeleted = () => aws.actions.includes('DeleteStack');

(hasPseudoTerminal ? describe : describe.skip)('On a terminal (needs script of util-linux)', () => {
  let terminal: TerminalSession;
  const start = (parameters: string[], redirection = '', more: NodeJS.ProcessEnv = {}) => {
    terminal = runOnTerminal(`"${process.execPath}" "${cli}" ${parameters.join(' ')} ${redirection}`, {
      ...environment(),
      ...more,
    });
  };
  afterEach(() => terminal.kill());

  describe('a question', () => {
    beforeEach(async () => {
      start(DESTROY);
      await terminal.shows('Delete it? (y/N)');
    });

    test.each([
      ['n', `n${KEYS.enter}`],
      ['Enter alone', KEYS.enter],
    ])('takes %s for a no: nothing is changed, and the exit code is 1', async (_, keys) => {
      terminal.press(keys);
      expect(await terminal.ends()).toBe(1);
      expect(terminal.screen()).toContain('Nothing was changed.');
      expect(hasDeleted()).toBe(false);
    });

    test('takes y for a yes', async () => {
      terminal.press(`y${KEYS.enter}`);
      expect(await terminal.ends()).toBe(0);
      expect(terminal.screen()).toContain('✔ Deleting the stack (CloudFront takes some minutes)');
      expect(hasDeleted()).toBe(true);
    });

    test('is left with Ctrl-C: nothing is changed, and the exit code is 130', async () => {
      terminal.press(KEYS.ctrlC);
      expect(await terminal.ends()).toBe(130);
      expect(terminal.screen()).toContain('Stopped at the question. Nothing was changed after it.');
      expect(hasDeleted()).toBe(false);
      expect(terminal.hasCursor()).toBe(true);
    });
  });

  describe('a region that nothing names', () => {
    test('is asked for, by place, once the credentials are known to be right', async () => {
      start(DESTROY, '', { AWS_REGION: undefined });
      await terminal.shows('In which region is the image server?');
      expect(aws.actions).toEqual(['GetCallerIdentity']);
      expect(terminal.screen().join('\n')).toMatch(/us-east-2 +US East \(Ohio\)/);
      // Enter alone chooses nothing.
      terminal.press(KEYS.enter);
      await terminal.shows(/✔ In which region[^]*\? In which region[^]*us-east-1/);
      terminal.press(KEYS.down + KEYS.down + KEYS.enter);
      await terminal.shows('Delete it? (y/N)');
      expect(terminal.screen().join('\n')).toContain('in us-east-2 in the account 123456789012');
      terminal.press(KEYS.enter);
      expect(await terminal.ends()).toBe(1);
    });

    test.each([
      [[...DESTROY, '--yes'], 'Add the region of the image server, for example --region eu-central-1'],
      [['upload', 'press-kit.zip'], 'Add the region of the image server, for example --region eu-central-1'],
      [
        ['provision', '--domain', DOMAIN, '--no-ghost', '--yes'],
        'Choose the region for the bucket, close to the blog: --region eu-central-1',
      ],
    ])('is not asked for without questions: the option is named after %j', async (parameters, advice) => {
      start(parameters, '', { AWS_REGION: undefined });
      await terminal.shows(advice);
      expect(await terminal.ends()).toBe(1);
      expect(aws.actions).toEqual([]);
    });
  });

  describe('Ctrl-C', () => {
    const isTitled = /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] Deleting the stack \(CloudFront takes some minutes\)$/m;

    test('is answered at once while AWS is not; the second one does not wait', async () => {
      aws.silent.add('DeleteStack');
      start([...DESTROY, '--yes']);
      await terminal.shows(isTitled);
      terminal.press(KEYS.ctrlC);
      await terminal.shows(STOPPING);
      await terminal.shows(isTitled);
      expect(terminal.screen()).toContain(STOPPING);
      terminal.press(KEYS.ctrlC);
      expect(await terminal.ends()).toBe(130);
      expect(terminal.screen().join('\n')).not.toContain('Deleting the stack');
      expect(terminal.hasCursor()).toBe(true);
    });

    test('is answered before the first step, too', async () => {
      aws.silent.add('DescribeStacks');
      start(DESTROY);
      await aws.isAsked('DescribeStacks');
      terminal.press(KEYS.ctrlC);
      await terminal.shows(STOPPING);
      // Without the ^C that terminals show.
      expect(terminal.screen()).toContain(STOPPING);
      terminal.press(KEYS.ctrlC);
      expect(await terminal.ends()).toBe(130);
    });

    test('ends a wait, and says how to come back', async () => {
      aws.statusAfterDeletion = 'DELETE_IN_PROGRESS';
      start([...DESTROY, '--yes']);
      await aws.isAsked('DeleteStack');
      terminal.press(KEYS.ctrlC);
      expect(await terminal.ends()).toBe(130);
      expect(terminal.screen()).toEqual(
        expect.arrayContaining([
          STOPPING,
          '✖ Deleting the stack (CloudFront takes some minutes)',
          expect.stringContaining('Run the same command again to resume'),
        ]),
      );
    });
  });

  test('the result goes into the file that --json is led into, and the question to the terminal', async () => {
    const file = path.join(folder, 'result.json');
    start([...DESTROY, '--json'], `> ${file}`);
    await terminal.shows('Delete it? (y/N)');
    terminal.press(`y${KEYS.enter}`);
    expect(await terminal.ends()).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ stackName: 'ghost-images-example-com' });
  });
});

describe('In a pipe', () => {
  const start = (parameters: string[], variables: Record<string, string> = {}) =>
    spawn(process.execPath, [cli, ...parameters], {
      env: { ...environment(), ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const run = async (parameters: string[], variables?: Record<string, string>) => {
    const child = start(parameters, variables);
    const exit = once(child, 'exit') as Promise<[number]>;
    const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
    return { stdout, stderr, status };
  };

  test('no question is asked: the command names --yes and changes nothing', async () => {
    const { stderr, status } = await run(DESTROY);
    expect(stderr).toContain('not a terminal');
    expect(stderr).toContain('--yes');
    expect(status).toBe(1);
    expect(hasDeleted()).toBe(false);
  });

  test('steps are lines, without a spinner and without colors', async () => {
    const { stdout, stderr, status } = await run([...DESTROY, '--yes']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.match(/.*Deleting the stack.*/g)).toEqual(['✔ Deleting the stack (CloudFront takes some minutes)']);
    expect(stdout).not.toContain('\x1b');
    expect(stdout).not.toContain('\r');
  });

  test('--json leaves the standard output to the result', async () => {
    const { stdout, stderr, status } = await run([...DESTROY, '--yes', '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      stackName: 'ghost-images-example-com',
      keptCertificate: 'arn:aws:acm:us-east-1:123456789012:certificate/1',
    });
    expect(stderr).toContain('This deletes the stack');
    expect(stderr).toContain('✔ Deleting the stack');
  });

  test('an interruption from outside is answered, too', async () => {
    aws.silent.add('DeleteStack');
    const child = start([...DESTROY, '--yes']);
    const [exit, stdout] = [once(child, 'exit'), text(child.stdout)];
    await aws.isAsked('DeleteStack');
    child.kill('SIGINT');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await exit).toEqual([130, null]);
    expect((await stdout).split('\n').slice(-2)).toEqual([STOPPING, '']);
  });

  test('a reader that closes the output early is not an error', async () => {
    const child = start([...DESTROY, '--yes']);
    child.stdout.destroy();
    const stderr = text(child.stderr);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await stderr).toBe('');
  });

  test('the result of --json is printed, even if stderr is closed', async () => {
    const child = start([...DESTROY, '--yes', '--json']);
    child.stderr.destroy();
    const stdout = text(child.stdout);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(JSON.parse(await stdout)).toMatchObject({ stackName: 'ghost-images-example-com' });
  });

  describe('the profile that is named', () => {
    beforeEach(() => {
      const key = (profile: string) =>
        `[${profile}]\naws_access_key_id = AKIA${profile.toUpperCase()}\naws_secret_access_key = secret\n`;
      writeFileSync(path.join(folder, 'credentials'), key('admin') + key('dns'));
    });
    const variables = () => ({ AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'credentials') });

    test.each([
      ['before the name of the command', ['provision', '--profile', 'admin', 'destroy', '--domain', DOMAIN, '--yes']],
      ['after it', [...DESTROY, '--profile', 'admin', '--yes']],
    ])('%s is used, whatever access key is in the environment, and without a word', async (_, parameters) => {
      const { stderr, status } = await run(parameters, variables());
      expect([status, stderr]).toEqual([0, '']);
      expect([...aws.accessKeyIds]).toEqual(['AKIAADMIN']);
    });

    test('may take its access key from the environment', async () => {
      writeFileSync(
        path.join(folder, 'config'),
        '[profile role]\nrole_arn = arn:aws:iam::123456789012:role/admin\ncredential_source = Environment\n',
      );
      const child = start([...DESTROY, '--profile', 'role'], {
        ...variables(),
        AWS_CONFIG_FILE: path.join(folder, 'config'),
      });
      await aws.isAsked('AssumeRole');
      expect([...aws.accessKeyIds]).toEqual(['AKIAENVIRONMENT']);
      child.kill('SIGKILL');
      await once(child, 'exit');
    });

    test.each([
      [['--profile', 'amdin'], '--profile is "amdin"'],
      [['--dns-profile', 'amdin'], '--dns-profile is "amdin"'],
    ])('is named with those that exist where it does not: %j', async (parameters, message) => {
      const { stderr, status } = await run([...DESTROY, ...parameters, '--yes'], variables());
      expect(stderr).toContain(message);
      expect(stderr).toContain('Its profiles are admin, dns.');
      expect([status, aws.actions]).toEqual([1, []]);
    });

    test('is none where none is named: then the access key of the environment is used', async () => {
      await run([...DESTROY, '--yes'], variables());
      expect([...aws.accessKeyIds]).toEqual(['AKIAENVIRONMENT']);
    });
  });
});
