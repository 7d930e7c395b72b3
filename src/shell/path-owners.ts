import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure';
import { isRoot, type Owner } from './owner-rights';
import { isAbsent } from './paths';
import { quoted } from './text';

/** As many symbolic links as Linux follows. */
const MOST_LINKS = 40;

/** A folder, symbolic link or file on the way to a path. */
interface Step {
  path: string;
  stats: Stats;
}

/** How a path is reached. */
export interface Way {
  /** The path with its symbolic links resolved, also where its last parts do not exist. */
  real: string;
  /** Everything on the way that exists, the outermost first; the last one may be what the path leads to. */
  steps: Step[];
  /** The last existing step that is not a link. */
  end: Step;
}

/**
 * Follows a path from the root folder, and looks at every folder and link on the way.
 *
 * @throws Failure when it goes through too many links, or changes in the meantime
 */
export function wayTo(file: string): Way {
  const absolute = path.resolve(file);
  let real = path.parse(absolute).root;
  let end: Step = { path: real, stats: lstatSync(real) };
  const steps = [end];
  const names = partsOf(absolute);
  for (let links = 0; names.length > 0;) {
    const next = path.join(real, names.shift() ?? '');
    const stats = statsOf(next);
    const step = stats && { path: next, stats };
    if (stats?.isSymbolicLink()) {
      steps.push({ path: next, stats });
      const target = readlinkSync(next);
      real = path.isAbsolute(target) ? path.parse(target).root : real;
      names.unshift(...partsOf(target));
      links += 1;
    } else {
      real = next;
      steps.push(...(step ? [step] : []));
      end = step ?? end;
    }
    if (links > MOST_LINKS) {
      throw new Failure(
        `${file} goes through more than ${MOST_LINKS} symbolic links.`,
        'Use the path of the folder itself.',
      );
    }
  }
  if (isRoot()) {
    refuseReplaced(end);
  }
  return { real, steps, end };
}

/**
 * Makes sure that what was found at the end of a way is really there. A link in place of a folder above it, put there for
 * a moment, would have shown the file of another user.
 */
function refuseReplaced({ path: end, stats }: Step): void {
  const former = process.cwd();
  const folder = stats.isDirectory() ? end : path.dirname(end);
  try {
    process.chdir(folder);
    const found = lstatSync(stats.isDirectory() ? '.' : path.basename(end));
    if (process.cwd() === folder && found.ino === stats.ino && found.dev === stats.dev && found.uid === stats.uid) {
      return;
    }
  } catch {
    // It is gone.
  } finally {
    process.chdir(former);
  }
  throw new Failure(
    `${end} was replaced while this command was using it.`,
    'Find out what replaced it before you run the command again.',
  );
}

/** Returns the user who could change the end of a path: its owner, or the first user other than root who owns a part of it. */
export function ownerOf({ steps, end }: Way): Owner {
  const other = end.stats.uid === 0 ? steps.find(({ stats }) => stats.uid !== 0) : undefined;
  return (other ?? end).stats;
}

/**
 * Makes sure that root is not led somewhere by a link of a user who has no rights there.
 *
 * @param cure how to name the path in another way
 * @param owners other users who could replace the end of the path
 * @throws Failure with the link
 */
export function refuseForeignLinks({ steps, end, real }: Way, cure: string, owners: readonly Owner[] = []): void {
  const known = [0, end.stats.uid, ...owners.map(({ uid }) => uid)];
  const foreign = steps.find(({ stats }) => stats.isSymbolicLink() && !known.includes(stats.uid));
  if (isRoot() && foreign) {
    throw new Failure(
      `${foreign.path} is a link owned by the user ${foreign.stats.uid}. It points to ${real}, which belongs to the user ${end.stats.uid}.`,
      `If the link is correct, make root its owner: sudo chown -h root ${quoted(foreign.path)}\n${cure}`,
    );
  }
}

/**
 * Makes sure that only root can change what root itself is going to use.
 *
 * @throws Failure with the folder or file that others can write
 */
export function refuseSharedWay(way: Way): void {
  const shared = sharedStep(way);
  if (isRoot() && shared !== undefined) {
    throw new Failure(
      `Users other than root can write to ${shared}, which would be used with the rights of root.`,
      `Make the user that Ghost runs as the owner of ${way.end.path}, or let only root write there: sudo chmod go-w ${shared}`,
    );
  }
}

/** Returns whether only root can change the end of a path. */
export const belongsToRoot = (way: Way): boolean =>
  way.steps.every(({ stats }) => stats.uid === 0) && sharedStep(way) === undefined;

/** Returns the folder or file on a way that users other than its owner can write. */
function sharedStep({ steps }: Way): string | undefined {
  const noLinks = steps.filter(({ stats }) => !stats.isSymbolicLink());
  // Where the sticky bit is set, others can add names, but not replace those of root.
  return noLinks.find(
    (step) => (step.stats.mode & 0o022) !== 0 && (step === noLinks.at(-1) || (step.stats.mode & 0o1000) === 0),
  )?.path;
}

/** Returns whether the mode of a file or folder gives its owner, group or others the rights `0o7` to a user. */
export function mayAccess(stats: Stats, { uid, gid }: Owner, rights: number): boolean {
  const shift = stats.uid === uid ? 6 : stats.gid === gid ? 3 : 0;
  return uid === 0 || ((stats.mode >> shift) & rights) === rights;
}

const partsOf = (file: string): string[] =>
  file
    .slice(path.parse(file).root.length)
    .split(path.sep)
    .filter((name) => name !== '' && name !== '.');

function statsOf(file: string): Stats | undefined {
  try {
    return lstatSync(file);
  } catch (error) {
    if (isAbsent(error)) {
      return undefined;
    }
    throw error;
  }
}
