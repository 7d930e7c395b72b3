import { EventEmitter } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type { AgentConnectOpts } from 'agent-base';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { explainAnswer } from './answers';
import { type Proxy, proxyFor } from './choice';
import { ProxyError } from './error';

/** How long (ms) a proxy may take to connect to a host. */
const CONNECT_MS = 10_000;

/** The method of Node's agents that takes a request, which its types leave out. */
interface TakesRequests extends http.Agent {
  addRequest(request: http.ClientRequest, options: http.RequestOptions & { secureEndpoint?: boolean }): void;
}

/**
 * Creates the agents of one client, which decide for each host whether it is reached through a proxy.
 *
 * @param maxSockets how many connections to one host may be open
 */
export function createAgents(maxSockets: number): { httpAgent: http.Agent; httpsAgent: https.Agent } {
  return {
    httpAgent: new ChoosingAgent('http:', maxSockets),
    // Only the methods of both that clients call are used.
    httpsAgent: new ChoosingAgent('https:', maxSockets) as http.Agent as https.Agent,
  };
}

/** An agent that passes requests to the agent of a proxy, or to Node's own. */
class ChoosingAgent extends http.Agent {
  readonly defaultPort: number;
  private readonly agents = new Map<string, http.Agent>();

  constructor(
    readonly protocol: 'http:' | 'https:',
    private readonly limit: number,
  ) {
    // A request asks its own agent whether to keep the connection.
    super({ keepAlive: true, maxSockets: limit });
    this.defaultPort = protocol === 'https:' ? 443 : 80;
  }

  addRequest(request: http.ClientRequest, options: http.RequestOptions): void {
    const host = (options.host ?? 'localhost').replace(/^\[|\]$/g, '');
    const name = host.includes(':') ? `[${host}]` : host;
    try {
      const proxy = proxyFor(`${this.protocol}//${name}:${options.port ?? this.defaultPort}`);
      const agent = this.agentFor(proxy) as TakesRequests;
      agent.addRequest(request, { ...options, secureEndpoint: this.protocol === 'https:' });
    } catch (error) {
      // If it were thrown here, the timers of the client would keep running.
      process.nextTick(() => request.destroy().emit('error', error));
    }
  }

  override destroy(): void {
    this.agents.forEach((agent) => agent.destroy());
  }

  private agentFor(proxy: Proxy | undefined): http.Agent {
    const identity = proxy?.url.href ?? '';
    const agent = this.agents.get(identity) ?? this.create(proxy);
    this.agents.set(identity, agent);
    return agent;
  }

  private create(proxy: Proxy | undefined): http.Agent {
    const options = { keepAlive: true, maxSockets: this.limit };
    if (proxy) {
      return this.protocol === 'https:' ? new TunnelAgent(proxy, options) : new ForwardingAgent(proxy, options);
    }
    return this.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
  }
}

/** Reaches HTTPS servers through tunnels (CONNECT). */
class TunnelAgent extends HttpsProxyAgent<string> {
  constructor(
    private readonly to: Proxy,
    options: http.AgentOptions,
  ) {
    super(withoutUser(to), options);
  }

  override async connect(request: http.ClientRequest, options: AgentConnectOpts) {
    const target = `${options.host}:${options.port}`;
    let status = 0;
    const socket = await within(this.to, target, (signal) => {
      const agent = new HttpsProxyAgent(withoutUser(this.to), { ...connectionOf(this.to), signal });
      agent.on('proxyConnect', ({ statusCode }: { statusCode: number }) => (status = statusCode));
      return agent.connect(request, options);
    });
    if (status !== 200) {
      socket.destroy();
      throw refusal(this.to, target, status);
    }
    return socket;
  }
}

/**
 * Opens a tunnel to the host of an HTTPS URL.
 *
 * @returns the connection, on which TLS begins; undefined where no proxy is to be used
 */
export async function openTunnel(url: string): Promise<net.Socket | undefined> {
  const proxy = proxyFor(url);
  const { hostname, port } = new URL(url);
  const options = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || 443, secureEndpoint: false as const };
  // Only the events of a request are used.
  return proxy && new TunnelAgent(proxy, {}).connect(new EventEmitter() as http.ClientRequest, options);
}

/** Reaches HTTP servers through a proxy that forwards plain requests. */
class ForwardingAgent extends HttpProxyAgent<string> {
  constructor(
    private readonly to: Proxy,
    options: http.AgentOptions,
  ) {
    super(withoutUser(to), { ...options, ...connectionOf(to) });
  }

  override connect(request: http.ClientRequest, options: AgentConnectOpts) {
    return within(this.to, `${options.host}:${options.port}`, (signal) => {
      const agent = new HttpProxyAgent(withoutUser(this.to), { ...connectionOf(this.to), signal });
      return agent.connect(request as Parameters<typeof agent.connect>[0], options);
    });
  }
}

/**
 * Runs one connection attempt with a time limit. Each has an agent of its own, since the signal belongs to the connection.
 *
 * @throws ProxyError when the proxy does not connect
 */
async function within<T extends Duplex>(
  proxy: Proxy,
  target: string,
  connect: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), CONNECT_MS);
  try {
    return await connect(giveUp.signal);
  } catch (error) {
    const { code = 'ECONNRESET', message } = error as NodeJS.ErrnoException;
    const reason = giveUp.signal.aborted ? 'ETIMEDOUT' : code;
    throw new ProxyError(
      `The proxy ${proxy.shown} cannot be reached for ${target} (${reason}${reason === code ? `: ${message}` : ''}).`,
      `Correct ${proxy.variable}, or start the proxy. If this machine can reach ${hostOf(target)} without it, add the host to NO_PROXY.`,
      reason,
    );
  } finally {
    clearTimeout(timer);
  }
}

function refusal(proxy: Proxy, target: string, status: number): ProxyError {
  const [message, help] = explainAnswer(proxy, target, status, true) ?? ['', ''];
  // Another attempt may succeed when the proxy failed, but not when it refused.
  return new ProxyError(message, help, status >= 500 ? 'ECONNRESET' : undefined);
}

const hostOf = (target: string) => target.replace(/:\d+$/, '');

/** The agents write the URL that they get into their debug output. */
function withoutUser({ url }: Proxy): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

function connectionOf({ url }: Proxy) {
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const headers: http.OutgoingHttpHeaders =
    user === ':' ? {} : { 'Proxy-Authorization': `Basic ${Buffer.from(user).toString('base64')}` };
  return { keepAlive: true, headers };
}
