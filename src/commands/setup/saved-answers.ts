import { createHash } from 'node:crypto';
import { realpathSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readRegularFile } from '../../shell/read-file';
import { userFolder } from '../../shell/user-folder';
import { releaseLock, removeFile, takeLock } from './run-lock';

/** The user's answers in an earlier run for a site. None of them is secret. */
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
  /** Saves answers. It has no effect where the folder cannot be written. */
  save(answers: Answers): void;
  /** Allows another `setup` of the site to start. */
  release(): void;
}

/** The largest file (bytes) of answers that is read. */
const LARGEST_ANSWERS = 10_000;

/** What an answer looks like. Where sudo keeps the home folder, another user may have written the file. */
const PLAIN_TEXT = /^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/**
 * Reads the answers of earlier runs for a site, and keeps other runs of this user for the site from starting.
 *
 * @param site Ghost folder
 * @throws Failure when another `setup` is running for it
 */
export function openSavedAnswers(site: string, environment: NodeJS.ProcessEnv = process.env): SavedAnswers {
  const { path: folder, asOwner } = userFolder(environment);
  const name = `setup-${createHash('sha256').update(realOf(site)).digest('hex').slice(0, 16)}`;
  const file = path.join(folder, `${name}.json`);
  const lock = path.join(folder, `${name}.lock`);
  const isLocked = asOwner(() => takeLock(folder, lock));
  return {
    answers: asOwner(() => readAnswers(file)),
    save: (answers) => asOwner(() => writeAnswers(file, answers)),
    release: () => asOwner(() => void (isLocked && releaseLock(lock))),
  };
}

/** Resolves links: the path of a folder may be a link to it. */
function realOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return path.resolve(folder);
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
    // They are only default answers.
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
