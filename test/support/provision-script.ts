import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Answers, HANGS, startAwsCli } from './aws-cli-stand-in';
import type { Command } from './recorded-script';

/** What happens to a script from outside. */
export interface RunOptions {
  /** Whether to press Ctrl-C when a command hangs. */
  interrupted?: boolean;
  /** Which call of `aws` fails, from 0. Its answer would be there. */
  failing?: number;
}

/** A run of a script with the stand-in for `aws`. */
export interface ScriptRun {
  code: number | null;
  stdout: string;
  stderr: string;
  calls: (Command & {
    /** Permissions of the files and their folders: `0o600` */
    modes: number[];
  })[];
  /** `aws` and `sleep`, with their first two arguments, in order. */
  order: string[];
  /** The arguments of all other programs that the script started. */
  words: string[];
  /** The files that it left in the folder for temporary files, or in the one where it ran. */
  left: string[];
}

/** The programs that a script may use besides `aws`: POSIX has them, except mktemp. None of them is jq or Python. */
const PROGRAMS = 'awk cat cksum dirname grep mktemp od paste rm sed sort tr'.split(' ');

/** How long (ms) a script may take, on a machine that is busy with other tests. */
const PATIENCE_MS = 120_000;

/**
 * Runs a bash script that calls AWS.
 *
 * @param command the script's path and its arguments
 * @param account `answers`: the first ones; `after`: those that change once an operation was called, by this operation
 */
export async function runProvisionScript(
  command: string[],
  { answers, after = {} }: { answers: Answers; after?: Record<string, Answers> },
  { interrupted = false, failing }: RunOptions = {},
): Promise<ScriptRun> {
  const home = mkdtempSync(path.join(tmpdir(), 'provision-script-'));
  const inside = (name: string) => path.join(home, name);
  const aws = await startAwsCli({ answers, after, failing }, inside('calls'), pathOf('cat'));
  try {
    ['bin', 'tmp', 'work'].forEach((name) => mkdirSync(inside(name)));
    writeProgram(inside('bin/aws'), aws.program, pathOf('bash'));
    // Only recorded: the tests do not wait.
    const pause = String.raw`{"name":"sleep","args":["%s"],"files":{},"modes":[]}\n`;
    writeProgram(inside('bin/sleep'), `printf '${pause}' "$1" >> '${inside('calls')}'`);
    for (const name of PROGRAMS) {
      writeProgram(inside(`bin/${name}`), `printf '%s\\n' "$@" >> '${inside('words')}'\nexec '${pathOf(name)}' "$@"`);
    }
    const env = { PATH: inside('bin'), TMPDIR: inside('tmp'), AWS_REGION: 'eu-central-1' };
    const script = spawn(pathOf('bash'), command, {
      cwd: inside('work'),
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A terminal sends Ctrl-C to all processes of a command.
      detached: true,
      timeout: PATIENCE_MS,
    });
    let [stdout, stderr] = ['', ''];
    script.stdout.on('data', (text: Buffer) => {
      stdout += text.toString();
      if (interrupted && stdout.includes(HANGS)) {
        process.kill(-(script.pid ?? NaN), 'SIGINT');
      }
    });
    script.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    const [code] = (await once(script, 'close')) as [number | null];
    const all = linesOf(inside('calls')).map((line) => JSON.parse(line) as ScriptRun['calls'][number]);
    return {
      code,
      stdout,
      stderr,
      calls: all.filter(({ name }) => name === 'aws'),
      order: all.map(({ name, args }) => [name, ...args.slice(0, 2)].join(' ')),
      words: linesOf(inside('words')),
      left: ['tmp', 'work'].flatMap((name) => readdirSync(inside(name))),
    };
  } finally {
    aws.close();
    rmSync(home, { recursive: true });
  }
}

function writeProgram(file: string, text: string, shell = '/bin/sh'): void {
  writeFileSync(file, `#!${shell}\n${text}\n`);
  chmodSync(file, 0o755);
}

function pathOf(name: string): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const found = folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
  if (!found) {
    throw new Error(`This machine has no ${name}.`);
  }
  return found;
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}
