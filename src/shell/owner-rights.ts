/** The user who owns a file or folder, as in `fs.Stats`. */
export interface Owner {
  uid: number;
  gid: number;
}

/** A function of Node on POSIX that its types lack: https://nodejs.org/docs/latest-v20.x/api/process.html#processinitgroupsuser-extragroup */
interface Initgroups {
  initgroups?(user: number, extraGroup: number): void;
}

/** The supplementary groups of the users whose rights were used, by user and group ID. */
const groupsOfUsers = new Map<string, number[]>();

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
  try {
    process.setgroups?.(groupsOf(uid, gid));
    process.setegid?.(gid);
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

function groupsOf(uid: number, gid: number): number[] {
  const user = `${uid}:${gid}`;
  const groups = groupsOfUsers.get(user) ?? readGroups(uid, gid);
  groupsOfUsers.set(user, groups);
  return groups;
}

function readGroups(uid: number, gid: number): number[] {
  try {
    (process as Initgroups).initgroups?.(uid, gid);
  } catch {
    // The owner has no name on this machine, as in a folder that a container uses.
    return [gid];
  }
  // Node adds the group of the process itself, which is root's.
  return (process.getgroups?.() ?? []).filter((group) => group !== process.getegid?.() || group === gid);
}
