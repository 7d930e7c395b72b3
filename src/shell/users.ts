import { readFileSync } from 'node:fs';

/** A user of this machine. */
export interface User {
  name: string;
  uid: number;
  /** The home folder, empty where there is none. */
  home: string;
}

/**
 * Finds a user in the machine's file of users.
 *
 * @returns undefined when there is none, or no such file
 * @see https://man7.org/linux/man-pages/man5/passwd.5.html
 */
export function findUser(isMeant: (user: User) => boolean): User | undefined {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => {
        const [name = '', , uid = '', , , home = ''] = line.split(':');
        return { name, uid: Number.parseInt(uid, 10), home };
      })
      .find(isMeant);
  } catch {
    return undefined;
  }
}
