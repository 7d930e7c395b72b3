import { lstatSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure';
import { userName } from './owner-rights';
import { quoted } from './text';

/** What is not possible with a file for each code of Node's errors, and the fix. */
const PROBLEMS: Record<string, [problem: string, cure: (place: string) => string]> = {
  EACCES: ['may not be accessed', asOwner],
  EPERM: ['may not be changed', asOwner],
  EROFS: ['is on a read-only file system', () => 'Mount it writable, or run the command where it is.'],
  ENOENT: ['does not exist', (place) => `Check the path ${place}. If it was there, something removed it meanwhile.`],
  ENOTDIR: ['leads through a file as if it was a folder', (place) => `Check the path ${place}.`],
  EISDIR: ['is a folder, where a file is needed', () => 'Name a file.'],
  ELOOP: [
    'leads through too many symbolic links',
    (place) => `Look at them, and name the file itself: namei ${quoted(place)}`,
  ],
  ENAMETOOLONG: ['has too long a name', () => 'Choose a shorter path.'],
  EEXIST: ['exists already', (place) => `Look at ${place}, and move it away if it is not needed.`],
  ENOTEMPTY: ['is not empty', (place) => `Look at ${place}, and move away what is in it.`],
  EBUSY: ['is in use', () => 'Stop what uses it, then run the command again.'],
};

/** What is wrong with the machine, whatever the file is. */
const MACHINE: Record<string, [problem: string, cure: string]> = {
  ENOSPC: ['The disk is full', 'Make room, then run the command again.'],
  EDQUOT: ["The user's quota on the disk is used up", 'Make room, then run the command again.'],
  EIO: ['The disk failed to read or write', 'Check the disk (dmesg), then run the command again.'],
  EMFILE: ['This process may open no more files', 'Raise the limit (ulimit -n), then run the command again.'],
  ENFILE: ['This machine may open no more files', 'Close other programs, then run the command again.'],
};

/**
 * Explains an error of a file or folder, which no command could foresee: it may belong to another user, be removed
 * meanwhile, or be on a full disk.
 *
 * @returns undefined for every other error
 * @see https://nodejs.org/docs/latest-v20.x/api/errors.html#common-system-errors
 */
export function explainFileError(error: unknown): Failure | undefined {
  const { code = '', path: place, syscall } = error as NodeJS.ErrnoException;
  const ofMachine = MACHINE[code];
  if (syscall !== undefined && ofMachine) {
    return new Failure(`${ofMachine[0]} (${place === undefined ? code : `${code}: ${place}`}).`, ofMachine[1], {
      cause: error,
    });
  }
  const problem = PROBLEMS[code];
  return syscall !== undefined && typeof place === 'string' && problem
    ? new Failure(`${place} ${problem[0]} (${code}${whoTries(code)}).`, problem[1](place), { cause: error })
    : undefined;
}

/**
 * Returns what is wrong with the machine and the fix, as two sentences.
 *
 * @param code of one of Node's errors
 * @returns undefined when the file itself is the problem
 */
export function adviceForMachine(code: string): string | undefined {
  const found = MACHINE[code];
  return found && `${found[0]}. ${found[1]}`;
}

const whoTries = (code: string) => (code === 'EACCES' || code === 'EPERM' ? `, as the user ${userName()}` : '');

/** Names the owner of the first folder or file on the way that is closed to this user. */
function asOwner(place: string): string {
  const owner = ownerOf(place);
  return owner === undefined || owner === process.geteuid?.()
    ? 'Run the same command as a user who may, usually with sudo. Root itself is stopped by read-only and immutable files (lsattr).'
    : `Run the same command with sudo, or as the user ${owner}, who owns it.`;
}

/** Returns the user ID of the owner of a path, or of the last folder on the way whose owner can be seen. */
function ownerOf(place: string): number | undefined {
  for (let current = path.resolve(place); ; current = path.dirname(current)) {
    try {
      return lstatSync(current).uid;
    } catch {
      if (current === path.dirname(current)) {
        return undefined;
      }
    }
  }
}
