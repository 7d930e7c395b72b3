import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { isObject } from '../../ghost-site/config';
import type { GhostSite } from '../../ghost-site/site';
import { withRightsOf } from '../../shell/owner-rights';
import { ownerOf, wayTo } from '../../shell/path-owners';
import { someNamesIn } from '../../shell/read-file';
import { visible } from '../../shell/text';

/** How much (bytes) of the end of a log is read. */
const END_BYTES = 64 * 1024;

/** How many of the newest logs are read. */
const MOST_LOGS = 5;

/** How long (characters) an error may be. */
const LONGEST = 500;

/**
 * Returns Ghost's last error in its logs, since a time.
 *
 * @param since milliseconds; what was logged before is left out
 * @returns undefined when there is none, or it cannot be read
 */
export function lastErrorOf({ contentPath }: Pick<GhostSite, 'contentPath'>, since: number): string | undefined {
  const folder = path.join(contentPath, 'logs');
  try {
    return withRightsOf(ownerOf(wayTo(folder)), () => {
      const logs = someNamesIn(folder)
        .filter((name) => name.endsWith('.log'))
        .map((name) => ({ file: path.join(folder, name), time: timeOf(path.join(folder, name)) }))
        .filter(({ time }) => time >= since)
        .sort((one, other) => other.time - one.time)
        .slice(0, MOST_LOGS);
      for (const { file } of logs) {
        const error = endOf(file)
          .split('\n')
          .map((line) => errorIn(line, since))
          .findLast((found) => found !== undefined);
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

/** Returns when a file was changed (milliseconds); -1 for anything else, so that the other logs are still read. */
function timeOf(file: string): number {
  try {
    const stats = statSync(file);
    return stats.isFile() ? stats.mtimeMs : -1;
  } catch {
    return -1;
  }
}

/** Returns the end of a file; an empty text for anything else. */
function endOf(file: string): string {
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  let opened: number | undefined;
  try {
    opened = openSync(file, O_RDONLY | O_NONBLOCK);
    const stats = fstatSync(opened);
    if (!stats.isFile()) {
      return '';
    }
    const bytes = Buffer.alloc(Math.min(stats.size, END_BYTES));
    const length = readSync(opened, bytes, 0, bytes.length, Math.max(stats.size - END_BYTES, 0));
    return bytes.toString('utf8', 0, length);
  } catch {
    return '';
  } finally {
    if (opened !== undefined) {
      closeSync(opened);
    }
  }
}

/** Ghost writes a line of JSON for each event. */
function errorIn(line: string, since: number): string | undefined {
  try {
    const { err, time } = JSON.parse(line) as { err?: unknown; time?: unknown };
    const isOld = typeof time === 'string' && Date.parse(time) < since;
    return !isOld && isObject(err) && typeof err.message === 'string' ? err.message : undefined;
  } catch {
    return undefined;
  }
}
