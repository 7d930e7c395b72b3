import type { Config } from '../../core/config';
import { knownService } from '../../core/s3/service';
import type { GhostSite } from '../site';

/** No name server knows a host. */
const UNKNOWN_HOST = ['ENOTFOUND', 'EAI_AGAIN'];

/**
 * Returns the fix where the endpoint may be the name of another service of Docker Compose, which only containers know.
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
    `If "${hostname}" is a service in ${compose.composeFile}, only containers know that name: Ghost reaches it, and this command does not. Publish its port, ` +
    `and add --endpoint with the address on this machine, for example --endpoint ${protocol}//127.0.0.1${port && `:${port}`}`
  );
}
