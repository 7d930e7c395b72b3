import type { Config } from '../../core/config';
import { knownService } from '../../core/s3/service';
import type { GhostSite } from '../site';

/** The errors of a host name that does not exist. */
const UNKNOWN_HOST = ['ENOTFOUND', 'EAI_AGAIN'];

/**
 * Returns the fix where the endpoint may be the name of another service of Docker Compose, which only containers can
 * resolve.
 *
 * @param code of the network error
 * @param config with the endpoint
 * @returns undefined for any other problem
 */
export function fixForHostOfCompose({ compose }: GhostSite, code: unknown, config: Config): string | undefined {
  const { endpoint } = knownService(config);
  if (!compose || endpoint === undefined || !UNKNOWN_HOST.includes(String(code))) {
    return undefined;
  }
  const { hostname, port, protocol } = new URL(endpoint);
  return (
    `If "${hostname}" is a service in ${compose.composeFile}, only containers can resolve that name. Ghost can reach it, but this command cannot. Publish its port, ` +
    `and add --endpoint with its URL on this machine, for example --endpoint ${protocol}//127.0.0.1${port && `:${port}`}`
  );
}
