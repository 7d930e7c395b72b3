import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** Identifies the machine or container, because process IDs are only unique there. */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 12);

/** Matches the temporary names of this machine. */
const OWN_NAME = new RegExp(`^\\.${HOST}-(\\d+)-[\\da-f-]{36}\\.tmp$`);

/** Returns a hidden, unpredictable name for a file that is not complete yet. */
export const temporaryName = (): string => `.${HOST}-${process.pid}-${randomUUID()}.tmp`;

/** Returns whether a name belongs to a temporary file of a process of this machine that has ended. */
export function isLeftover(name: string): boolean {
  const [, pid] = OWN_NAME.exec(name) ?? [];
  return pid !== undefined && !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
