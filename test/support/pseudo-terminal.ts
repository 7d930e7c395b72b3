import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether this machine has util-linux's `script`, which runs a command on a new terminal. */
export const hasPseudoTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes(
  'util-linux',
);

/** The characters that keys send. */
export const KEYS = { enter: '\r', ctrlC: '\x03', down: '\x1b[B' };

/** How long (ms) to wait for a text: other tests keep the machine busy. */
const PATIENCE_MS = 20_000;

const COLUMNS = 160;

/** A command that runs on a terminal. */
export interface TerminalSession {
  /** Returns the visible lines, without colors and trailing spaces. */
  screen(): string[];
  /** Returns whether the cursor is visible. */
  hasCursor(): boolean;
  /**
   * Waits until the terminal shows a text.
   *
   * @throws Error with the screen if the text does not appear
   */
  shows(text: string | RegExp): Promise<void>;
  /** Presses keys. */
  press(keys: string): void;
  /** Waits for the end of the command, and returns its exit code. */
  ends(): Promise<number>;
  kill(): void;
}

/**
 * Runs a command on a new terminal.
 *
 * @param command a shell command line, which may redirect its output to a file
 * @param environment all of the command's variables except `TERM`
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
  // The command may have ended just before a key is pressed.
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
/** An escape sequence with its parameters and final letter, or a character. */
const PIECES = new RegExp(`${ESCAPE}\\[([?\\d;]*)([A-Za-z])|[^]`, 'gu');

/**
 * Draws a terminal's output: text, line ends, and the sequences that move the cursor and clear lines.
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
