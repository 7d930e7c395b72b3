import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Failure } from '../../shell/failure';
import { readRegularFile } from '../../shell/read-file';

/** The longest command line (bytes) that is read. */
const LONGEST_COMMAND = 1_000_000;

/** How often to try to take the lock, which other runs may move away. */
const ATTEMPTS = 5;

/**
 * Takes the lock that only one running `setup` can have.
 *
 * @param folder of the lock; it is created
 * @param lock its file, which contains the ID of the process
 * @returns false where the folder cannot be written
 * @throws Failure when another process has it, or takes it at the same time
 */
export function takeLock(folder: string, lock: string): boolean {
  // The lock appears with its content: an empty one would look like the lock of a run that has ended.
  const own = `${lock}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    removeFile(own);
    writeFileSync(own, String(process.pid), { flag: 'wx', mode: 0o600 });
  } catch {
    return false;
  }
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const isLinked = linkLock(own, lock);
      if (isLinked === undefined || (!isLinked && !removeStale(lock))) {
        return false;
      }
      const owner = ownerOfLock(lock);
      if (isLinked && owner === process.pid) {
        return true;
      }
      // Another run that mistakes the lock for a stale one moves it away, and brings it back.
      refuseRunning(owner, lock);
    }
    throw new Failure(
      'Other runs of setup are starting at the same time.',
      'Wait a moment, and run the command again.',
    );
  } finally {
    removeFile(own);
  }
}

/** Removes a lock of this process. */
export function releaseLock(lock: string): void {
  if (ownerOfLock(lock) === process.pid) {
    removeFile(lock);
  }
}

/** @returns false when there is a lock, undefined when the folder does not support links */
function linkLock(own: string, lock: string): boolean | undefined {
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? false : undefined;
  }
}

/** Returns the ID of the process that has a lock, NaN when the lock has none. */
const ownerOfLock = (lock: string): number => Number(readText(lock, 20) || NaN);

/**
 * Removes the lock of a process that has ended.
 *
 * @returns whether it could be removed
 * @throws Failure when the process runs
 */
function removeStale(lock: string): boolean {
  const pid = ownerOfLock(lock);
  // In a container, each run may have the same process ID.
  refuseRunning(pid, lock);
  const stale = `${lock}.${process.pid}.stale`;
  try {
    renameSync(lock, stale);
  } catch {
    return removeFile(lock);
  }
  const renamed = ownerOfLock(stale);
  if (renamed !== pid && !(Number.isNaN(renamed) && Number.isNaN(pid))) {
    // Another run has replaced the stale lock in between.
    linkLock(stale, lock);
    removeFile(stale);
    refuseRunning(renamed, lock);
  }
  return removeFile(stale);
}

/** @throws Failure when the process with that ID is another run of `setup` */
function refuseRunning(pid: number, lock: string): void {
  if (Number.isInteger(pid) && pid > 0 && pid !== process.pid && isRunning(pid)) {
    throw new Failure(
      `Another setup is running for this Ghost (process ${pid}).`,
      `Wait until it ends, or stop it with Ctrl-C in its terminal. If it is not running, delete ${lock}.`,
    );
  }
}

/**
 * Removes a file.
 *
 * @returns false where it cannot be removed
 */
export function removeFile(file: string): boolean {
  try {
    // A folder with that name contains nothing that is needed.
    rmSync(file, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') {
      return false;
    }
  }
  // After a restart of the machine, another program may have the ID. A kernel process has an empty command line.
  const commandLine = readText(`/proc/${pid}/cmdline`, LONGEST_COMMAND);
  return commandLine === undefined || /\bsetup\b/.test(commandLine);
}

function readText(file: string, limit: number): string | undefined {
  try {
    return readRegularFile(file, limit).bytes.toString('utf8');
  } catch {
    return undefined;
  }
}
