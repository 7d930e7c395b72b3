import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether the machine has util-linux's `script`, which runs a command on a terminal of its own. */
export const hasPseudoTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes(
  'util-linux',
);

/** What keys send. */
export const KEYS = { enter: '\r', ctrlC: '\x03' };

/** So long a text may take to appear: other tests are at work on the machine too. */
const PATIENCE_MS = 20_000;

const COLUMNS = 160;

/** A command that runs on a terminal. */
export interface TerminalSession {
  /** What somebody sees who looks at the terminal now: lines without colours, and without spaces at their ends. */
  screen(): string[];
  /** Whether the cursor is to be seen. */
  hasCursor(): boolean;
  /**
   * Waits until a text stands on the terminal.
   *
   * @throws Error with the screen when it does not come
   */
  shows(text: string | RegExp): Promise<void>;
  /** Presses keys. */
  press(keys: string): void;
  /** @returns the exit code, when the command has ended */
  ends(): Promise<number>;
  kill(): void;
}

/**
 * Runs a command on a terminal of its own.
 *
 * @param command a line for the shell, which may lead its output into a file
 * @param environment all variables that the command sees beside `TERM`
 */
export function runOnTerminal(command: string, environment: Record<string, string | undefined>): TerminalSession {
  const line = `stty cols ${COLUMNS} rows 50; exec ${command}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    env: { ...environment, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  // Keys that are pressed when the command has just ended.
  child.stdin.on('error', () => {});
  const screen = () => linesOf(output);
  return {
    screen,
    hasCursor: () => output.lastIndexOf('\x1b[?25h') >= output.lastIndexOf('\x1b[?25l'),
    async shows(text) {
      const isThere = () => {
        const lines = screen().join('\n');
        return typeof text === 'string' ? lines.includes(text) : text.test(lines);
      };
      for (const until = Date.now() + PATIENCE_MS; !isThere(); await sleep(20)) {
        if (Date.now() > until || child.exitCode !== null) {
          throw new Error(`The terminal does not show ${String(text)}:\n${screen().join('\n')}`);
        }
      }
    },
    press: (keys) => void child.stdin.write(keys),
    async ends() {
      const [code] = await exit;
      return code ?? NaN;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

const ESCAPE = '\x1b';
/** A sequence with its parameters and its last letter, or a character. */
const PIECES = new RegExp(`${ESCAPE}\\[([?\\d;]*)([A-Za-z])|[^]`, 'gu');

/**
 * Draws what was sent to a terminal: text, line ends, and the sequences by which the cursor goes and lines are cleared.
 * https://vt100.net/docs/vt510-rm/chapter4.html
 */
function linesOf(output: string): string[] {
  const lines: string[][] = [[]];
  let [row, column] = [0, 0];
  for (const [piece, parameters, final] of output.matchAll(PIECES)) {
    const count = Number(parameters) || 1;
    const line = (lines[row] ??= []);
    if (final === 'A') row = Math.max(row - count, 0);
    else if (final === 'B') row += count;
    else if (final === 'C') column += count;
    else if (final === 'D') column = Math.max(column - count, 0);
    else if (final === 'G') column = count - 1;
    else if (final === 'K') line.splice(parameters === '2' ? 0 : column);
    else if (final === 'J') lines.splice(row, Infinity, line.slice(0, column));
    else if (piece === '\r') column = 0;
    else if (piece === '\n') row += 1;
    else if (final === undefined && piece >= ' ') {
      while (line.length < column) line.push(' ');
      line[column] = piece;
      column += 1;
    }
  }
  return Array.from(lines, (line) => (line ?? []).join('').trimEnd());
}
