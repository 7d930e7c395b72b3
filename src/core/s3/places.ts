// Where the values that a request uses come from, in the words of errors.
import type { Config } from '../config';
import { originOfCredentials, placeOf } from '../option-origins';
import { knownService } from './service';

/** Returns where the endpoint of requests is set. */
export function placeOfEndpoint(config: Config): string {
  const { source } = knownService(config);
  return source === undefined || source === '"endpoint"' ? placeOf('endpoint') : source;
}

/** Returns where the credentials of requests come from, when the configuration has none. */
export function placeOfCredentials(environment: NodeJS.ProcessEnv): string {
  const ofEnvironment = environment.AWS_ACCESS_KEY_ID
    ? 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment'
    : `the AWS profile "${environment.AWS_PROFILE ?? 'default'}" or the role of the machine`;
  return originOfCredentials() ?? ofEnvironment;
}
