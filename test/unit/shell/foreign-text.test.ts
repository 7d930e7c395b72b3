import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { colorsOn, printable } from '../../../src/shell/colors';
import { openTerminal } from '../../../src/shell/terminal';
import { toJson, toJsonLine, visible } from '../../../src/shell/text';

// What a title, a file name, a key or a server's message may contain: colors, the title of the window, the clipboard,
// lines that go back, 8-bit sequences, deletions, and reversed text.
const HOSTILE = [
  '\u001b[31mred',
  '\u001b]0;title\u0007',
  '\u001b]52;c;cm0gLXJm\u0007',
  '\u001b[1A\u001b[2K✔ Everything is there',
  'over\rwritten',
  '\u009b31mred',
  'gone\b\b\b\b\u007f',
  'gpj\u202e.exe',
  '\u2066isolated',
  'txt\u200f.exe',
];

/** What a terminal would obey, but for line breaks and tabs. */
const OBEYED = /(?![\n\t])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const OUR_COLORS = new RegExp(`${String.fromCharCode(0x1b)}\\[\\d+m`, 'g');

let written: string;

beforeEach(() => {
  written = '';
  jest.replaceProperty(process, 'env', { ...process.env, FORCE_COLOR: '1', NO_COLOR: '' });
  for (const output of [process.stdout, process.stderr]) {
    jest.spyOn(output, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
  }
});
afterEach(() => {
  jest.restoreAllMocks();
  process.removeAllListeners('SIGINT');
});

test.each(HOSTILE)('%j never reaches the terminal as it is, from any source', async (text) => {
  jest.useFakeTimers({ doNotFake: ['nextTick'] });
  const terminal = openTerminal({});
  terminal.say(text);
  terminal.warn(text);
  terminal.say(`  post ${terminal.colors.bold(text)} ${terminal.colors.red(terminal.colors.dim(text))}`);
  await terminal.step(text, ({ progress, event }) => {
    progress(text);
    event(text);
    return Promise.resolve();
  });
  await terminal.step(text, () => Promise.reject(new Error())).catch(() => {});
  const stop = terminal.bar(() => ({ share: 0.5, text }));
  jest.advanceTimersByTime(6_000);
  stop();
  jest.useRealTimers();
  expect(written.split('\n').length).toBeGreaterThan(6);
  expect(written.replace(OUR_COLORS, '')).not.toMatch(OBEYED);
  // Not even as a color.
  expect(written).not.toContain('\u001b[31mred');
  expect(written).toContain('\u001b[1m');
});

test('our own colors, nested ones too, and the lines of a text stay as they are', () => {
  const { bold, red, dim } = colorsOn(process.stdout);
  expect(printable(`${red(`a ${bold('b')} c`)}\n\t${dim('d')}`)).toBe(
    '\u001b[31ma \u001b[1mb\u001b[22m c\u001b[39m\n\t\u001b[2md\u001b[22m',
  );
});

test('a foreign text of one line forges no second one', () => {
  expect(visible('a\n✔ Everything is there')).toBe('a%0A✔ Everything is there');
  expect(visible('a\u2028b')).not.toMatch(/\u2028/);
});

test.each(['zero\u200bwidth', '\ufeffmark', 'soft\u00adhyphen', 'tag\u{e0041}', 'lines\u2028two\u2029three'])(
  '%j can be seen in JSON, also on one line',
  (text) => {
    for (const json of [toJson({ text }), toJsonLine({ text })]) {
      expect(json).toMatch(/^[\x20-\x7e\n]+$/);
      expect(JSON.parse(json)).toEqual({ text });
    }
    expect(toJsonLine({ text })).not.toContain('\n');
  },
);

test.each(HOSTILE)('%j is escaped in JSON, and the same for a program that reads it', (text) => {
  openTerminal({ json: true }).result({ title: text });
  expect(written).not.toMatch(OBEYED);
  expect(JSON.parse(written)).toEqual({ title: text });
  expect(JSON.parse(toJson([text]))).toEqual([text]);
});

test('an error that names a foreign text does not hand it to the terminal either', () => {
  const cli = path.resolve(__dirname, '../../../dist/cli.js');
  const content = '/not/there\u001b[31m\u009b';
  for (const further of [[], ['--debug']]) {
    const { stderr } = spawnSync(
      process.execPath,
      [cli, ...further, 'migrate', '--content', content, '--bucket', 'b', '--cdn-url', 'a', '--config', content],
      { encoding: 'utf8' },
    );
    expect(stderr).toContain('/not/there%1B[31m');
    expect(stderr).not.toContain('\u009b');
    expect(stderr).not.toContain('there\u001b');
  }
});
