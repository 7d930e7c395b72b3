import { homedir } from 'node:os';
import path from 'node:path';
import { withRightsOf } from './owner-rights';
import { ownerOf, wayTo } from './path-owners';

/** The folder in which this package saves what a user's next run needs. */
export interface UserFolder {
  /** It may not exist. */
  path: string;
  /**
   * Runs a step with the rights of the folder's owner: with sudo, the home folder may be another user's.
   *
   * @param step is synchronous
   */
  asOwner: <T>(step: () => T extends Promise<unknown> ? never : T) => T;
}

/** Returns the folder of this package in the user's configuration folder. */
export function userFolder(environment: NodeJS.ProcessEnv): UserFolder {
  const parent = configFolder(environment);
  return {
    path: path.join(parent, 'ghost-storage-s3-cloudfront'),
    asOwner: (step) => withRightsOf(ownerOf(wayTo(parent)), step),
  };
}

/** Returns the folder in which programs keep a user's settings. */
function configFolder({ XDG_CONFIG_HOME, APPDATA }: NodeJS.ProcessEnv): string {
  const named = process.platform === 'win32' ? APPDATA : XDG_CONFIG_HOME;
  return named && path.isAbsolute(named) ? named : path.join(homedir(), '.config');
}
