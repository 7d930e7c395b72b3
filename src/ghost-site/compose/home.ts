import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isRoot } from '../../shell/owner-rights';

/**
 * Returns the home folder of the user who runs Docker Compose: with sudo, of the one who has called it.
 *
 * @param environment of this process
 */
export function homeOfUser({ SUDO_USER: user }: NodeJS.ProcessEnv): string {
  const line = isRoot() && user !== undefined ? lineOf(user) : undefined;
  return line?.split(':')[5] || homedir();
}

/** Returns a user's line in the file of users: https://man7.org/linux/man-pages/man5/passwd.5.html */
function lineOf(user: string): string | undefined {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => line.startsWith(`${user}:`));
  } catch {
    return undefined;
  }
}
