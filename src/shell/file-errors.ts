import { lstatSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure';
import { userName } from './owner-rights';
import { quoted } from './text';

/** The problem with a file and the fix, for each code of Node's errors. */
const PROBLEMS: Record<string, [problem: string, cure: (place: string) => string]> = {
  EACCES: ['cannot be accessed', asOwner],
  EPERM: ['cannot be changed', asOwner],
  EROFS: ['is on a read-only file system', () => 'Mount it writable, or run the command where it is writable.'],
  ENOENT: [
    'does not exist',
    (place) => `Check the path ${place}. If it was there before, another program has removed it.`,
  ],
  ENOTDIR: ['has a file where a folder is needed', (place) => `Check the path ${place}.`],
  EISDIR: ['is a folder, not a file', () => 'Use the path of a file.'],
  ELOOP: [
    'goes through too many symbolic links',
    (place) => `Look at the links, and use the path of the file itself: namei ${quoted(place)}`,
  ],
  ENAMETOOLONG: ['is too long', () => 'Choose a shorter path.'],
  EEXIST: ['already exists', (place) => `Look at ${place}, and move it away if it is not needed.`],
  ENOTEMPTY: ['is not empty', (place) => `Look at ${place}, and move its contents away.`],
  EBUSY: ['is in use', () => 'Stop the program that uses it, then run the command again.'],
};

/** The problem with the machine and the fix, whatever the file is. */
const MACHINE: Record<string, [problem: string, cure: string]> = {
  ENOSPC: ['The disk is full', 'Free some space, then run the command again.'],
  EDQUOT: ["The user's quota on the disk is used up", 'Free some space, then run the command again.'],
  EIO: ['The disk could not be read or written', 'Check the disk (dmesg), then run the command again.'],
  EMFILE: ['This process cannot open any more files', 'Raise the limit (ulimit -n), then run the command again.'],
  ENFILE: ['This machine cannot open any more files', 'Close other programs, then run the command again.'],
};

/**
 * Explains an error with a file or folder that no command could foresee: it may belong to another user, have been
 * removed in the meantime, or be on a full disk.
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
 * Returns the problem with the machine and the fix, as two sentences.
 *
 * @param code the code of one of Node's errors
 * @returns undefined when the file itself is the problem
 */
export function adviceForMachine(code: string): string | undefined {
  const found = MACHINE[code];
  return found && `${found[0]}. ${found[1]}`;
}

const whoTries = (code: string) => (code === 'EACCES' || code === 'EPERM' ? `, as the user ${userName()}` : '');

/** Returns a fix that names the owner of the first folder or file on the way that this user cannot access. */
function asOwner(place: string): string {
  const owner = ownerOf(place);
  return owner === undefined || owner === process.geteuid?.()
    ? 'Run the same command as a user who has access, usually with sudo. Even root cannot change read-only and immutable files (lsattr).'
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
