import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { TerminalScreen } from './terminal-screen';

/** Whether this machine has util-linux's `script`, which runs a command on a new terminal. */
export const hasPseudoTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes(
  'util-linux',
);

/** The characters that keys send. */
export const KEYS = { enter: '\r', ctrlC: '\x03', down: '\x1b[B' };

/** How long (ms) to wait for a text: other tests keep the machine busy. */
const PATIENCE_MS = 120_000;

const COLUMNS = 160;

/** How a terminal differs from that of most tests. */
export interface TerminalLook {
  /** Default 160, with longer lines in one piece. */
  columns?: number;
  /** Gets the output as it comes. */
  watch?: (output: string) => void;
}

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
export function runOnTerminal(
  command: string,
  environment: Record<string, string | undefined>,
  { columns, watch }: TerminalLook = {},
): TerminalSession {
  const line = `stty cols ${columns ?? COLUMNS} rows 50; exec ${command}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    env: { ...environment, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const drawn = new TerminalScreen(columns);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    drawn.write(text);
    watch?.(text);
  });
  // The command may have ended just before a key is pressed.
  child.stdin.on('error', () => {});
  return {
    screen: () => drawn.lines(),
    hasCursor: () => drawn.hasCursor,
    async shows(text) {
      const isThere = () => {
        const lines = drawn.lines().join('\n');
        return typeof text === 'string' ? lines.includes(text) : text.test(lines);
      };
      for (const until = Date.now() + PATIENCE_MS; !isThere(); await sleep(20)) {
        if (Date.now() > until || child.exitCode !== null) {
          throw new Error(`The terminal does not show ${String(text)}:\n${drawn.lines().join('\n')}`);
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
