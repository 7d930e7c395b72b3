import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lastErrorOf } from '../../../../src/commands/setup/ghost-log';

let contentPath: string;
let since: number;

beforeEach(() => {
  contentPath = mkdtempSync(path.join(tmpdir(), 'ghost-log-'));
  mkdirSync(path.join(contentPath, 'logs'));
  since = Date.now() - 5_000;
});

afterEach(() => rmSync(contentPath, { recursive: true, force: true }));

const fileOf = (name: string) => path.join(contentPath, 'logs', name);
const lineOf = (message: string, time = new Date()) =>
  `${JSON.stringify({ name: 'Log', time: time.toISOString(), level: 50, err: { message } })}\n`;
const lastError = () => lastErrorOf({ contentPath }, since);

describe('lastErrorOf', () => {
  test("returns Ghost's last error", () => {
    writeFileSync(
      fileOf('blog.error.log'),
      lineOf('The first') + lineOf('The last') + '{"level":30,"msg":"Bye"}\nno JSON',
    );
    expect(lastError()).toBe('The last');
  });

  test('does not take an old error in a log that is still written for the cause', () => {
    writeFileSync(fileOf('blog.log'), lineOf('Of last week', new Date(since - 7 * 86_400_000)));
    appendFileSync(fileOf('blog.log'), `{"level":30,"time":"${new Date().toISOString()}","msg":"Ghost is starting"}\n`);
    expect(lastError()).toBeUndefined();
  });

  test('is not stopped by what is not a log: folders, FIFOs, broken links and devices', () => {
    writeFileSync(fileOf('blog.error.log'), lineOf('The cause'));
    mkdirSync(fileOf('folder.log'));
    symlinkSync('/nowhere/at/all', fileOf('broken.log'));
    symlinkSync('/dev/zero', fileOf('device.log'));
    expect(spawnSync('mkfifo', [fileOf('fifo.log')]).status).toBe(0);
    expect(lastError()).toBe('The cause');
  });

  test('reads the end of a huge log, and shows a long message with control characters as one short line', () => {
    writeFileSync(fileOf('blog.log'), `${'x'.repeat(10_000_000)}\n${lineOf(`Bad\n\u001b[2J${'y'.repeat(20_000)}`)}`);
    const error = lastError() ?? '';
    expect(error).toMatch(/^Bad/);
    expect(error.length).toBeLessThan(600);
    expect(error).not.toMatch(/\p{Cc}/u);
  });

  test('reads only the five newest logs, however many there are', () => {
    for (let index = 0; index < 6; index += 1) {
      writeFileSync(fileOf(`${index}.log`), index === 5 ? lineOf('Of the oldest log') : '{"msg":"Hello"}\n');
      utimesSync(fileOf(`${index}.log`), new Date(), new Date(Date.now() - index * 100));
    }
    expect(lastError()).toBeUndefined();
    appendFileSync(fileOf('4.log'), lineOf('The cause'));
    expect(lastError()).toBe('The cause');
  });

  test('returns nothing without logs', () => {
    rmSync(path.join(contentPath, 'logs'), { recursive: true });
    expect(lastError()).toBeUndefined();
  });
});
