import { setOriginOfCredentials } from '../../core/option-origins';
import type { GhostSite } from '../site';
import { fileOfVariable } from './variable-place';

/** The variables that the SDK uses before any other credentials. */
const KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/** The variables that make the SDK use a file of the container or a role. */
const OTHER_WAYS =
  /^AWS_(PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|WEB_IDENTITY_TOKEN_FILE|CONTAINER_CREDENTIALS_\w+)$/;

type Site = Pick<GhostSite, 'compose'>;

/**
 * Makes the SDK use the keys that Ghost's container gets as variables. Those of the user who runs the command would
 * prove nothing about Ghost. Changes nothing where the container gets none.
 *
 * @param environment of this process
 */
export function signInAsContainer({ compose }: Site, environment: NodeJS.ProcessEnv = process.env): void {
  const variables = compose?.variables() ?? {};
  if (!compose || !hasKeys(variables)) {
    return;
  }
  // The SDK would prefer the profile.
  delete environment.AWS_PROFILE;
  for (const name of KEYS) {
    delete environment[name];
    Object.assign(environment, variables[name] && { [name]: variables[name] });
  }
  const file = fileOfVariable(compose, 'AWS_ACCESS_KEY_ID') ?? compose.composeFile;
  setOriginOfCredentials(`AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in ${file}`);
}

/** Returns whether the variables of Ghost's container have keys for the SDK. */
export const hasContainerKeys = ({ compose }: Site): boolean => hasKeys(compose?.variables() ?? {});

/**
 * Returns whether Ghost runs in a container in which it cannot have the credentials of the user who runs the command:
 * it gets none as variables, and can only use a role of the machine.
 */
export const lacksCredentialsOfUser = ({ compose }: Site): boolean => {
  const variables = compose?.variables() ?? {};
  return compose !== undefined && !hasKeys(variables) && !Object.keys(variables).some((name) => OTHER_WAYS.test(name));
};

/**
 * Returns whether credentials belong to the user who runs the command, and not to the machine.
 *
 * @param source as the SDK notes it in `$source`
 */
export const isOfUser = (source: object): boolean =>
  Object.keys(source).some((name) => /_ENV_VARS$|_PROFILE|_SSO/.test(name));

const hasKeys = ({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }: NodeJS.ProcessEnv) =>
  Boolean(AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY);
