import { userInfo } from 'node:os';

/** The user who owns a file or folder, as in `fs.Stats`. */
export interface Owner {
  uid: number;
  gid: number;
}

/** A function of Node on POSIX that its types lack: https://nodejs.org/docs/latest-v20.x/api/process.html#processinitgroupsuser-extragroup */
interface Initgroups {
  initgroups?(user: number, extraGroup: number): void;
}

/** The groups whose rights a user has. */
interface Groups {
  /** The group of the files that the user creates. */
  gid: number;
  supplementary: number[];
}

/** The ID of the group "nobody", on every Linux. */
const NO_GROUP = 65534;

/** Returns the name of the user who runs this process, or the user ID where the machine has no name for it, as in a container. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `${process.geteuid?.()}`;
  }
}

/** The groups of the users whose rights were used, by user ID and the group ID of the folder. */
const groupsOfUsers = new Map<string, Groups>();

/**
 * Runs a step with the rights of a folder's owner when root runs the command, so that whatever the owner may not read or
 * write fails with EACCES, no matter which links the owner has put in the way. Other users always use their own rights.
 *
 * All threads of the process have these rights during the step, so the step must not wait for anything. A file that is
 * opened in it can be read and written later.
 *
 * @param step is synchronous
 * @returns the result of the step
 * @throws the error of the step
 * @see https://nodejs.org/docs/latest-v20.x/api/process.html#processseteuidid
 */
export function withRightsOf<T>({ uid, gid }: Owner, step: () => T extends Promise<unknown> ? never : T): T {
  if (!isRoot() || uid === 0) {
    return step();
  }
  const former = { gid: process.getegid?.() ?? 0, groups: process.getgroups?.() ?? [] };
  const groups = groupsOf(uid, gid);
  try {
    process.setgroups?.(groups.supplementary);
    process.setegid?.(groups.gid);
    process.seteuid?.(uid);
    return step();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(former.gid);
    process.setgroups?.(former.groups);
  }
}

/** Returns whether the process has the rights of root. */
export const isRoot = (): boolean => process.geteuid?.() === 0;

/** Returns the user and group that a child process needs to run with an owner's rights; none where they are its own. */
export const idsOf = ({ uid, gid }: Owner): Partial<Owner> =>
  isRoot() && uid !== 0 ? { uid, gid: groupsOf(uid, gid).gid } : {};

function groupsOf(uid: number, gid: number): Groups {
  const user = `${uid}:${gid}`;
  const groups = groupsOfUsers.get(user) ?? readGroups(uid, gid);
  groupsOfUsers.set(user, groups);
  return groups;
}

/** A folder may have a group that its owner is not in, root's for example, whose rights the owner must not get. */
function readGroups(uid: number, gid: number): Groups {
  const primary = primaryGroupOf(uid);
  if (primary === undefined) {
    // The owner has no name on this machine, as in a folder that a container uses.
    const group = gid === 0 ? NO_GROUP : gid;
    return { gid: group, supplementary: [group] };
  }
  const former = process.getgroups?.() ?? [];
  (process as Initgroups).initgroups?.(uid, primary);
  // Node adds the group of the process itself, which is root's.
  const supplementary = (process.getgroups?.() ?? []).filter(
    (group) => group !== process.getegid?.() || group === primary,
  );
  process.setgroups?.(former);
  return { gid: supplementary.includes(gid) ? gid : primary, supplementary };
}

function primaryGroupOf(uid: number): number | undefined {
  try {
    // It looks up the effective user.
    process.seteuid?.(uid);
    return userInfo().gid;
  } catch {
    return undefined;
  } finally {
    process.seteuid?.(0);
  }
}
