import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { Failure } from '../../shell/failure';
import { withRightsOf } from '../../shell/owner-rights';
import { ownerOf, wayTo } from '../../shell/path-owners';
import { readRegularFile } from '../../shell/read-file';

/** What the user answered in an earlier run for a site. None of it is secret. */
export interface Answers {
  domain?: string;
  region?: string;
  profile?: string;
  /** Whether options were written that the running Ghost has not read yet. */
  awaitsRestart?: boolean;
}

/** The answers of earlier runs for a site, in the user's configuration folder. */
export interface SavedAnswers {
  answers: Answers;
  /** Saves answers; without effect where the folder cannot be written. */
  save(answers: Answers): void;
  /** Lets another `setup` of the site start. */
  release(): void;
}

/** The largest file (bytes) of answers that is read. */
const LARGEST_ANSWERS = 10_000;

/** The longest command line (bytes) that is read. */
const LONGEST_COMMAND = 1_000_000;

/** What an answer looks like. Another user may have written the file, where sudo keeps the home folder. */
const PLAIN_TEXT = /^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/**
 * Reads the answers of earlier runs for a site, and keeps other runs of this user for the site from starting.
 *
 * @param site folder of Ghost
 * @throws Failure when another `setup` is running for it
 */
export function openSavedAnswers(site: string, environment: NodeJS.ProcessEnv = process.env): SavedAnswers {
  const folder = path.join(configFolder(environment), 'ghost-storage-s3-cloudfront');
  const name = `setup-${createHash('sha256').update(realOf(site)).digest('hex').slice(0, 16)}`;
  const file = path.join(folder, `${name}.json`);
  const lock = path.join(folder, `${name}.lock`);
  // With sudo, the home folder may be another user's.
  const asOwner = <T>(step: () => T extends Promise<unknown> ? never : T) =>
    withRightsOf(ownerOf(wayTo(configFolder(environment))), step);
  const isLocked = asOwner(() => takeLock(folder, lock));
  return {
    answers: asOwner(() => readAnswers(file)),
    save: (answers) => asOwner(() => writeAnswers(file, answers)),
    release: () => asOwner(() => void (isLocked && removeFile(lock))),
  };
}

/** A folder may be named by a link to it. */
function realOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return path.resolve(folder);
  }
}

/** Returns the folder in which programs keep a user's settings. */
function configFolder({ XDG_CONFIG_HOME, APPDATA }: NodeJS.ProcessEnv): string {
  const named = process.platform === 'win32' ? APPDATA : XDG_CONFIG_HOME;
  return named && path.isAbsolute(named) ? named : path.join(homedir(), '.config');
}

/**
 * @returns false where the folder cannot be written
 * @throws Failure when another process has it
 */
function takeLock(folder: string, lock: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    return false;
  }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const opened = openSync(lock, 'wx', 0o600);
      writeFileSync(opened, String(process.pid));
      closeSync(opened);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        return false;
      }
      if (!removeStale(lock)) {
        return false;
      }
    }
  }
  return false;
}

/**
 * Removes the lock of a process that has ended.
 *
 * @returns whether it could be removed
 * @throws Failure when the process runs
 */
function removeStale(lock: string): boolean {
  const pid = Number(readText(lock, 20));
  // In a container, each run may have the same number.
  if (Number.isInteger(pid) && pid > 0 && pid !== process.pid && isRunning(pid)) {
    throw new Failure(
      `Another setup is running for this Ghost (process ${pid}).`,
      `Wait for its end, or stop it with Ctrl-C in its terminal. If there is none, delete ${lock}.`,
    );
  }
  return removeFile(lock);
}

/** @returns false where it cannot be removed */
function removeFile(file: string): boolean {
  try {
    rmSync(file, { force: true });
    return true;
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // After a restart of the machine, another program may have the number.
  const commandLine = readText(`/proc/${pid}/cmdline`, LONGEST_COMMAND);
  return commandLine === '' || /\bsetup\b/.test(commandLine);
}

function readText(file: string, limit: number): string {
  try {
    return readRegularFile(file, limit).bytes.toString('utf8');
  } catch {
    return '';
  }
}

function readAnswers(file: string): Answers {
  try {
    const { bytes } = readRegularFile(file, LARGEST_ANSWERS);
    const { domain, region, profile, awaitsRestart } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    const text = (value: unknown) => (typeof value === 'string' && PLAIN_TEXT.test(value) ? value : undefined);
    return {
      domain: text(domain),
      region: text(region),
      profile: text(profile),
      awaitsRestart: awaitsRestart === true ? true : undefined,
    };
  } catch {
    // They are only the defaults of questions.
    return {};
  }
}

function writeAnswers(file: string, answers: Answers): void {
  const fresh = `${file}.${process.pid}`;
  try {
    writeFileSync(fresh, `${JSON.stringify(answers, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
    renameSync(fresh, file);
  } catch {
    removeFile(fresh);
  }
}
