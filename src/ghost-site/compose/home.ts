import { homedir } from 'node:os';
import { isRoot } from '../../shell/owner-rights';
import { findUser } from '../../shell/users';

/**
 * Returns the home folder of the user who runs Docker Compose: with sudo, of the user who called it.
 *
 * @param environment of this process
 */
export function homeOfUser({ SUDO_USER: user }: NodeJS.ProcessEnv): string {
  const caller = isRoot() && user !== undefined ? findUser(({ name }) => name === user) : undefined;
  return caller?.home || homedir();
}
