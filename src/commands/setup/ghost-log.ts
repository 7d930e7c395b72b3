import { readdirSync, readSync, statSync, openSync, closeSync, constants, fstatSync } from 'node:fs';
import path from 'node:path';
import { isObject } from '../../ghost-site/config';
import type { GhostSite } from '../../ghost-site/site';
import { withRightsOf } from '../../shell/owner-rights';
import { ownerOf, wayTo } from '../../shell/path-owners';
import { visible } from '../../shell/text';

/** How much (bytes) of the end of a log is read. */
const END_BYTES = 64 * 1024;

/** How long (characters) an error may be. */
const LONGEST = 500;

/**
 * Returns Ghost's last error in its log, since a time.
 *
 * @param since milliseconds; older logs are left out
 * @returns undefined when there is none, or it cannot be read
 */
export function lastErrorOf({ contentPath }: GhostSite, since: number): string | undefined {
  const folder = path.join(contentPath, 'logs');
  try {
    return withRightsOf(ownerOf(wayTo(folder)), () => {
      const logs = readdirSync(folder)
        .filter((name) => name.endsWith('.log'))
        .map((name) => ({ file: path.join(folder, name), time: statSync(path.join(folder, name)).mtimeMs }))
        .filter(({ time }) => time >= since)
        .sort((one, other) => other.time - one.time);
      for (const { file } of logs) {
        const lines = endOf(file).split('\n').filter(Boolean);
        const error = lines.map(errorIn).findLast((text) => text !== undefined);
        if (error !== undefined) {
          return visible(error.slice(0, LONGEST));
        }
      }
      return undefined;
    });
  } catch {
    return undefined;
  }
}

function endOf(file: string): string {
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  const opened = openSync(file, O_RDONLY | O_NONBLOCK);
  try {
    const { size } = fstatSync(opened);
    const bytes = Buffer.alloc(Math.min(size, END_BYTES));
    readSync(opened, bytes, 0, bytes.length, Math.max(size - END_BYTES, 0));
    return bytes.toString('utf8');
  } finally {
    closeSync(opened);
  }
}

/** Ghost writes a line of JSON for each event. */
function errorIn(line: string): string | undefined {
  try {
    const { err } = JSON.parse(line) as { err?: unknown };
    return isObject(err) && typeof err.message === 'string' ? err.message : undefined;
  } catch {
    return undefined;
  }
}
