import { lookup, Resolver } from 'node:dns/promises';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { loadProxies } from '../../core/proxies';

/** How long (ms) to wait for an answer. Ghost itself waits 10 seconds for an image. */
const TIMEOUT_MS = 20_000;

/** Larger than any expected body: probes have a few kilobytes, pages of a blog up to several hundred. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Finds hosts and connects to them; replaced in tests. */
export interface Network {
  /** @throws an error with a code such as `ENOTFOUND` */
  lookup(host: string): Promise<string[]>;
  /** Returns the target of the host's CNAME record; undefined when it has none or DNS does not answer. */
  canonicalNameOf(host: string): Promise<string | undefined>;
  connect(host: string, port: number): net.Socket;
  /** Loads the support for the proxies of the environment; undefined where it names none. */
  proxies?(): ReturnType<typeof loadProxies>;
  /** Certificate authorities to trust (PEM); undefined for Node's own. */
  authorities?: string;
}

/** The network of this machine. */
export const internet: Network = {
  lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  canonicalNameOf: async (host) => {
    try {
      const [name] = await new Resolver({ timeout: 2_000, tries: 1 }).resolveCname(host);
      return name;
    } catch {
      return undefined;
    }
  },
  connect: (host, port) => net.connect({ host, port }),
  proxies: loadProxies,
};

/** An HTTP answer. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The properties of a TLS connection, trusted or not. */
export interface TlsConnection {
  /** `TLSv1.3` */
  protocol: string;
  /** `h2`; undefined when the server chose none. */
  application?: string;
  certificate: tls.PeerCertificate;
  /** OpenSSL's reason for not trusting the certificate chain. */
  distrust?: string;
}

/**
 * Requests a URL exactly as given, without following redirects.
 *
 * @throws the network or TLS error, with its `code`
 */
export async function get(
  network: Network,
  url: string,
  { headers = {}, signal }: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Answer> {
  const { protocol, hostname, host, pathname, search } = new URL(url);
  const isSecure = protocol === 'https:';
  const name = withoutBrackets(hostname);
  const proxies = await network.proxies?.();
  const isProxied = proxies?.proxyFor(url) !== undefined;
  const socket = isProxied ? undefined : network.connect(name, portOf(url));
  return new Promise((resolve, reject) => {
    const options = {
      method: 'GET',
      path: pathname + search,
      // Some hosts refuse requests without a user agent.
      headers: { host, 'user-agent': 'ghost-storage-s3-cloudfront (doctor)', accept: '*/*', ...headers },
      signal,
    };
    const onAnswer = (response: IncomingMessage) => void read(response).then(resolve, reject);
    const createConnection = () => (isSecure && socket ? startTls(network, name, socket) : socket);
    const request = isProxied
      ? requestThrough(proxies, url, { ...options, ca: network.authorities }, onAnswer)
      : httpRequest({ ...options, createConnection }, onAnswer);
    const timer = setTimeout(() => request.destroy(timeoutError()), TIMEOUT_MS);
    request.once('error', reject);
    request.once('close', () => {
      clearTimeout(timer);
      socket?.destroy();
    });
    request.end();
  });
}

/**
 * Opens a TLS connection, and closes it after the handshake.
 *
 * @param options the versions and protocols to offer
 * @throws the network or TLS error, with its `code`
 */
export async function connectTls(
  network: Network,
  host: string,
  port: number,
  options: tls.ConnectionOptions = {},
): Promise<TlsConnection> {
  const name = withoutBrackets(host);
  const proxies = await network.proxies?.();
  const socket = (await proxies?.openTunnel(`https://${host}:${port}`)) ?? network.connect(name, port);
  return new Promise((resolve, reject) => {
    const connection = startTls(network, name, socket, { ...options, rejectUnauthorized: false });
    const timer = setTimeout(() => connection.destroy(timeoutError()), TIMEOUT_MS);
    connection.once('error', reject);
    connection.once('close', () => {
      clearTimeout(timer);
      socket.destroy();
      reject(Object.assign(new Error('The server closed the connection.'), { code: 'ECONNRESET' }));
    });
    connection.once('secureConnect', () => {
      resolve({
        protocol: connection.getProtocol() ?? '',
        application: connection.alpnProtocol || undefined,
        certificate: connection.getPeerCertificate(),
        distrust: connection.authorized ? undefined : String(connection.authorizationError),
      });
      connection.destroy();
    });
  });
}

/** Returns the port of a URL, the protocol's default included. */
export function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}

/** Returns `404`, or `302 (to https://…)`. */
export function statusText({ status, headers: { location } }: Pick<Answer, 'status' | 'headers'>): string {
  return location ? `${status} (to ${location})` : String(status);
}

function requestThrough(
  proxies: NonNullable<Awaited<ReturnType<typeof loadProxies>>>,
  url: string,
  options: RequestOptions,
  onAnswer: (response: IncomingMessage) => void,
) {
  const { httpAgent, httpsAgent } = proxies.createAgents(1);
  const isSecure = url.startsWith('https:');
  const request = isSecure ? httpsRequest : httpRequest;
  return request({ ...hostAndPort(url), ...options, agent: isSecure ? httpsAgent : httpAgent }, onAnswer);
}

const hostAndPort = (url: string) => ({ host: withoutBrackets(new URL(url).hostname), port: portOf(url) });

function startTls(network: Network, host: string, socket: net.Socket, options: tls.ConnectionOptions = {}) {
  const servername = net.isIP(host) ? undefined : host;
  return tls.connect({ socket, host, servername, ca: network.authorities, ...options });
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BODY_BYTES) {
      break;
    }
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

/** Sockets take an IPv6 address without the brackets that it has in a URL. */
const withoutBrackets = (hostname: string) => hostname.replace(/^\[|\]$/g, '');

const timeoutError = () => Object.assign(new Error('No answer in time.'), { code: 'ETIMEDOUT' });
