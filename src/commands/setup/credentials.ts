import { devNull } from 'node:os';

/** By which the SDK would sign in as the user of this process, before it asks the machine. */
const OF_THE_USER = ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/**
 * Chooses the credentials for files and tests where Ghost's configuration has no access key. A role that Ghost gets from
 * its machine is tried out itself: the user's own credentials would prove nothing about Ghost.
 *
 * @param profile of the user
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export function chooseCredentials(
  hasRole: boolean,
  profile: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): void {
  if (hasRole) {
    OF_THE_USER.forEach((name) => delete environment[name]);
    Object.assign(environment, { AWS_SHARED_CREDENTIALS_FILE: devNull, AWS_CONFIG_FILE: devNull });
  } else if (profile !== undefined) {
    environment.AWS_PROFILE = profile;
  }
}

/** Returns an environment without the credentials of the user, which a Ghost that is started with it would keep. */
export function withoutCredentials(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !OF_THE_USER.includes(name)));
}
