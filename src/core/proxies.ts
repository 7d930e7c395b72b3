import type { AgentOptions } from 'node:http';
import { asForeign } from './foreign-error';

type Loaded = typeof import('./lazy/proxy');

/** The environment variables that name a proxy. */
const VARIABLES = ['https_proxy', 'http_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);

/** The SDK's own limit of connections to one host. */
const MAX_SOCKETS = 50;

let loaded: Loaded | undefined;

/** Loads what proxies need; undefined when the environment names none. */
export async function loadProxies(): Promise<Loaded | undefined> {
  if (VARIABLES.some((name) => process.env[name])) {
    loaded ??= await import('./lazy/proxy');
    return loaded;
  }
  return undefined;
}

/**
 * Returns the options with which a client of the AWS SDK uses the proxies of the environment, also for the credentials
 * that it requests. Requests to the services that give a machine or a container its role use no agent.
 *
 * @param requestHandler options of the client's HTTP handler
 */
export async function throughProxies<T extends object>(requestHandler: T & { httpsAgent?: AgentOptions }) {
  const proxies = await loadProxies();
  if (!proxies) {
    return { requestHandler };
  }
  const { defaultProvider } = await import('./lazy/aws-sdk');
  const agents = proxies.createAgents(requestHandler.httpsAgent?.maxSockets ?? MAX_SOCKETS);
  return {
    requestHandler: { ...requestHandler, ...agents },
    // The client for SSO would not use the client's HTTP handler.
    credentialDefaultProvider: (init: object) =>
      defaultProvider({ ...init, clientConfig: { requestHandler: proxies.createAgents(MAX_SOCKETS) } }),
  };
}

/**
 * Explains the answer of a proxy to a plain request, which it forwards without a tunnel.
 *
 * @param url what was requested
 * @returns undefined where no proxy was used, or where the answer is not from a proxy
 */
export function explainProxyAnswer(url: string, status: number): [message: string, help: string] | undefined {
  const proxy = url.startsWith('http:') ? loaded?.proxyFor(url) : undefined;
  return proxy && loaded?.explainAnswer(proxy, new URL(url).host, status);
}

/** Explains an error of a proxy, and not of the service behind it; undefined for any other error. */
export function explainProxy(error: unknown): [message: string, help: string] | undefined {
  const { message = '', proxyHelp } = asForeign(error);
  // When a request for credentials fails, the SDK keeps only the text of the error.
  const [, text] = /ProxyError: (.+)/s.exec(message) ?? [];
  const help = proxyHelp ?? (text && 'Correct the proxy variable, or list the hosts that need no proxy in NO_PROXY.');
  return help ? [text ?? message, help] : undefined;
}
