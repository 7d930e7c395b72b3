import { devNull } from 'node:os';

/** The variables with which the SDK would authenticate as the user of this process, before it asks the machine. */
const OF_THE_USER = ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/**
 * Chooses the credentials for files and tests where Ghost's configuration has no access key. A role that Ghost gets
 * from its machine is tested itself: the user's own credentials would prove nothing about Ghost.
 *
 * @param profile the user's AWS profile
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

/**
 * Returns an environment without the credentials of the user, since a Ghost that is started with them would keep them.
 */
export function withoutCredentials(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !OF_THE_USER.includes(name)));
}
