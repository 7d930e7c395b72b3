import { spawn } from 'node:child_process';

const TAIL_LINES = 30;
/** Long enough for any compilation on a busy machine. Without a limit, a stalled download would never end. */
const TIMEOUT_MINUTES = 15;

export interface CommandOptions {
  cwd: string;
  env?: NodeJS.ProcessEnv;
}

/**
 * Runs a program without a shell and returns its output.
 *
 * @returns stdout; stderr is shown only in errors
 * @throws Error with the command, how it ended and the last lines of both outputs
 */
export function runCommand(command: string, args: string[], { cwd, env }: CommandOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MINUTES * 60_000,
    });
    let stdout = '';
    let everything = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      everything += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (everything += text));
    child.once('error', (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      let end = `failed with exit code ${code}`;
      if (signal) end = child.killed ? `did not end within ${TIMEOUT_MINUTES} minutes` : `was ended by ${signal}`;
      reject(new Error(`${[command, ...args].join(' ')} ${end}:\n${lastLines(everything)}`));
    });
  });
}

/** Returns the last lines of a long text, for an error message. */
export function lastLines(text: string, count: number = TAIL_LINES): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
