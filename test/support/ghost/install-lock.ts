import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT_MS = 5_000;
/** How long (ms) after its last heartbeat a holder is gone, even if another program has its process ID by now. */
const ABANDONED_AFTER_MS = 60_000;
const POLL_MS = 500;

/**
 * Runs `work` while holding a lock file, so that two processes never install into one folder at the same time.
 * A lock whose process has ended, as after Ctrl-C, is taken over.
 *
 * @param lockFile absolute path; its folder is created
 * @param onWait called once when another process holds the lock
 */
export async function withInstallLock<T>(lockFile: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(lockFile), { recursive: true });
  let waited = false;
  while (!(await tryToLock(lockFile))) {
    if (await isAbandoned(lockFile)) {
      await removeAbandoned(lockFile);
      continue;
    }
    if (!waited) onWait();
    waited = true;
    await sleep(POLL_MS);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(lockFile, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(lockFile, { force: true });
  }
}

async function tryToLock(lockFile: string): Promise<boolean> {
  try {
    await writeFile(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isAbandoned(lockFile: string): Promise<boolean> {
  try {
    const [holder, { mtimeMs }] = await Promise.all([readFile(lockFile, 'utf8'), stat(lockFile)]);
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) return true;
    // The ID is written just after the file is created: a holder without one is starting.
    return holder !== '' && !isRunning(Number(holder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Renames before removing: of several processes that found the same lock abandoned, one succeeds. */
async function removeAbandoned(lockFile: string): Promise<void> {
  const aside = `${lockFile}.${process.pid}`;
  try {
    await rename(lockFile, aside);
    await rm(aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
