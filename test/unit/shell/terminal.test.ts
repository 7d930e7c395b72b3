import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runProvision } from '../../../src/commands/provision/run';
import { openTerminal, type TerminalOptions } from '../../../src/shell/terminal';
import { AwsAccount } from '../../support/aws-account';
import { listenToOutput, type WrittenOutput } from '../../support/written-output';

jest.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));
jest.mock('node:dns/promises', () => jest.requireActual<object>('../../support/no-dns'));

const STOPPING = 'Stopping … (press Ctrl-C again to stop without waiting)\n';

let written: WrittenOutput;

const isTerminal = { stdin: process.stdin.isTTY, stdout: process.stdout.isTTY, stderr: process.stderr.isTTY };
const pretendTerminal = (is: boolean) => {
  process.stdin.isTTY = process.stdout.isTTY = process.stderr.isTTY = is;
};

beforeEach(() => {
  written = listenToOutput();
  pretendTerminal(false);
});

afterEach(() => {
  jest.restoreAllMocks();
  process.removeAllListeners('SIGINT');
  process.stdin.isTTY = isTerminal.stdin;
  process.stdout.isTTY = isTerminal.stdout;
  process.stderr.isTTY = isTerminal.stderr;
});

describe('without a terminal', () => {
  test('a step is one line, with the events in it, and without its progress', async () => {
    const terminal = openTerminal({});
    const answer = await terminal.step('Copying', ({ progress, event }) => {
      progress('1 of 3');
      event('copied');
      return Promise.resolve(3);
    });
    expect(answer).toBe(3);
    expect(written).toMatchObject({ stdout: '  copied\n✔ Copying\n', stderr: '' });
  });

  test('a step that fails says so, and its error is that of the step', async () => {
    const failing = openTerminal({}).step('Copying', () => Promise.reject(new Error('disk full')));
    await expect(failing).rejects.toThrow('disk full');
    expect(written.stdout).toBe('✖ Copying\n');
  });

  test('a bar is a line every few seconds', () => {
    jest.useFakeTimers();
    const stop = openTerminal({}).bar(() => ({ share: 0.5, text: '1 of 2 files' }));
    jest.advanceTimersByTime(10_000);
    stop();
    jest.advanceTimersByTime(10_000);
    jest.useRealTimers();
    expect(written.stdout).toBe('1 of 2 files\n1 of 2 files\n');
  });

  test('no question is asked, and nothing is agreed to but with --yes', async () => {
    await expect(openTerminal({}).confirm('Continue?')).rejects.toMatchObject({
      name: 'Failure',
      cure: expect.stringContaining('--yes'),
    });
    expect(await openTerminal({}).type('Its name:')).toBe('');
    expect(await openTerminal({ yes: true }).confirm('Continue?')).toBe(true);
    expect(written.stdout).toBe('');
  });

  test.each(['stdin', 'stdout'] as const)(
    'no question is asked either when only %s is not a terminal',
    async (name) => {
      pretendTerminal(true);
      process[name].isTTY = false;
      await expect(openTerminal({}).confirm('Continue?')).rejects.toMatchObject({ name: 'Failure' });
    },
  );
});

describe('a terminal that draws no spinners', () => {
  test.each([
    ['CI', 'true'],
    ['TERM', 'dumb'],
  ])('has lines only (%s=%s)', async (name, value) => {
    jest.replaceProperty(process, 'env', { ...process.env, [name]: value });
    pretendTerminal(true);
    const terminal = openTerminal({});
    process.emit('SIGINT');
    const later = openTerminal({});
    await later.step('Copying', ({ progress }) => Promise.resolve(progress('1 of 3')));
    expect(terminal.signal.aborted).toBe(true);
    expect(written.stdout).toBe(`${STOPPING}✔ Copying\n`);
  });
});

describe('with --json', () => {
  test('the standard output has the result alone', async () => {
    const terminal = openTerminal({ json: true });
    terminal.say('hello');
    terminal.warn('careful');
    await terminal.step('Copying', ({ event }) => Promise.resolve(event('copied')));
    process.emit('SIGINT');
    terminal.result({ copied: 3 });
    expect(JSON.parse(written.stdout)).toEqual({ copied: 3 });
    expect(written.stderr).toBe(`hello\n⚠ careful\n  copied\n✔ Copying\n${STOPPING}`);
  });
});

describe('Ctrl-C', () => {
  const open = (options: TerminalOptions = {}) => {
    const exit = jest.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`ended with ${code}`);
    });
    return { terminal: openTerminal(options), exit };
  };

  test('is told to any number of requests, without a warning about them', () => {
    const { signal } = open().terminal;
    let told = 0;
    for (let index = 0; index < 50; index += 1) signal.addEventListener('abort', () => (told += 1));
    process.emit('SIGINT');
    // Node warns from this number on, outside of Jest's realm.
    const limit = Object.getOwnPropertySymbols(signal).find(({ description = '' }) =>
      /max.*listeners/i.test(description),
    );
    expect([told, limit && Reflect.get(signal, limit)]).toEqual([50, 0]);
  });

  test('is answered at once, told to the command, and begins nothing new', async () => {
    const { terminal, exit } = open({ yes: true });
    const run = jest.fn();
    process.emit('SIGINT');
    expect(written.stdout).toBe(STOPPING);
    expect(terminal.signal.aborted).toBe(true);
    await expect(terminal.step('Copying', run)).rejects.toMatchObject({ name: 'Interruption' });
    await expect(terminal.confirm('Continue?')).rejects.toMatchObject({ name: 'Interruption' });
    expect(run).not.toHaveBeenCalled();
    expect(exit).not.toHaveBeenCalled();
  });

  test('lets what is drawn leave its line before it is answered', () => {
    const { terminal } = open();
    terminal.signal.addEventListener('abort', () => terminal.say('The bar is gone.'));
    process.emit('SIGINT');
    expect(written.stdout).toBe(`The bar is gone.\n${STOPPING}`);
  });

  test('ends a bar', () => {
    jest.useFakeTimers();
    open().terminal.bar(() => ({ share: 0.5, text: '1 of 2 files' }));
    process.emit('SIGINT');
    jest.advanceTimersByTime(10_000);
    jest.useRealTimers();
    expect(written.stdout).toBe(STOPPING);
  });

  test('ends the process with 130 when it is pressed again', () => {
    open();
    process.emit('SIGINT');
    expect(() => process.emit('SIGINT')).toThrow('ended with 130');
    expect(written.stdout).toBe(STOPPING);
  });
});

describe("a secret that is written into Ghost's configuration", () => {
  let folder: string;
  let account: AwsAccount;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'terminal-'));
    account = new AwsAccount();
    account.certificates.add({ names: ['images.example.com'] });
  });
  afterEach(() => {
    account.restore();
    rmSync(folder, { recursive: true });
  });

  test('is not in the result, nor in anything else that is printed', async () => {
    const writeConfig = path.join(folder, 'config.production.json');
    writeFileSync(writeConfig, '{ "url": "https://blog.example.com" }\n');
    await runProvision({
      domain: 'images.example.com',
      ghostUrl: 'https://blog.example.com',
      region: 'eu-central-1',
      identity: 'iam-user',
      createAccessKey: true,
      writeConfig,
      yes: true,
      json: true,
    });
    const { storage } = JSON.parse(readFileSync(writeConfig, 'utf8')) as {
      storage: { S3CloudFrontStorage: Record<string, string> };
    };
    const { secretAccessKey, cdnFallbackSecret } = storage.S3CloudFrontStorage;
    for (const secret of [secretAccessKey, cdnFallbackSecret]) {
      expect(secret).toMatch(/.{16}/);
      expect(written.stdout + written.stderr).not.toContain(secret);
    }
    expect(JSON.parse(written.stdout)).toMatchObject({ changed: true, configFile: writeConfig });
  });
});
