import { lookup, Resolver } from 'node:dns/promises';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import net from 'node:net';
import tls from 'node:tls';

/** How long an answer may take, in milliseconds: Ghost gives up on a picture after 10 seconds. */
const TIMEOUT_MS = 20_000;

/** More than any answer here has: the probe is some kilobytes, a page of a blog may be some hundred. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Some hosts answer nobody without a name. */
const NAME = 'ghost-storage-s3-cloudfront (doctor)';

/** The way to a host, which tests lead elsewhere. */
export interface Network {
  /** @throws an error with a code, `ENOTFOUND` */
  lookup(host: string): Promise<string[]>;
  /** @returns what the host is another name for; undefined when it is none or DNS does not tell */
  canonicalNameOf(host: string): Promise<string | undefined>;
  connect(host: string, port: number): net.Socket;
  /** Authorities to trust, PEM; undefined for those that Node trusts. */
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
};

/** What a server has answered; redirects are not followed. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** What a TLS connection is like, whether it is to be trusted or not. */
export interface Handshake {
  /** `TLSv1.3` */
  protocol: string;
  /** `h2`; undefined when the server chose none. */
  application?: string;
  certificate: tls.PeerCertificate;
  /** Why the chain of the certificate is not trusted, in OpenSSL's words. */
  distrust?: string;
}

/**
 * Asks for a URL exactly as it is given.
 *
 * @throws the error of the network or of TLS, with its `code`
 */
export function ask(
  network: Network,
  url: string,
  { headers = {}, signal }: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Answer> {
  const { protocol, hostname, host, pathname, search } = new URL(url);
  const isSecure = protocol === 'https:';
  const name = bare(hostname);
  const socket = network.connect(name, portOf(url));
  return new Promise((resolve, reject) => {
    const options = {
      method: 'GET',
      path: pathname + search,
      headers: { host, 'user-agent': NAME, accept: '*/*', ...headers },
      signal,
    };
    const createConnection = () => (isSecure ? secure(network, name, socket) : socket);
    const request = httpRequest({ ...options, createConnection }, (response) => {
      read(response).then(resolve, reject);
    });
    const timer = setTimeout(() => request.destroy(timedOut()), TIMEOUT_MS);
    request.once('error', reject);
    request.once('close', () => {
      clearTimeout(timer);
      socket.destroy();
    });
    request.end();
  });
}

/**
 * Shakes hands with a server, and hangs up.
 *
 * @param options what to offer: versions and protocols
 * @throws the error of the network or of TLS, with its `code`
 */
export function shakeHands(
  network: Network,
  host: string,
  port: number,
  options: tls.ConnectionOptions = {},
): Promise<Handshake> {
  const name = bare(host);
  const socket = network.connect(name, port);
  return new Promise((resolve, reject) => {
    const connection = secure(network, name, socket, { ...options, rejectUnauthorized: false });
    const timer = setTimeout(() => connection.destroy(timedOut()), TIMEOUT_MS);
    connection.once('error', reject);
    connection.once('close', () => {
      clearTimeout(timer);
      socket.destroy();
      reject(Object.assign(new Error('The server hangs up.'), { code: 'ECONNRESET' }));
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

/** Port of a URL, also where it is the usual one. */
export function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}

/** The code of an error of the network, of DNS or of TLS: `ECONNREFUSED`, `CERT_HAS_EXPIRED`. */
export function codeOf(error: unknown): string {
  const { code, message, errors } = error as NodeJS.ErrnoException & { errors?: unknown[] };
  // Several addresses were tried at once.
  return code ?? (errors?.length ? codeOf(errors[0]) : message);
}

/** @returns `404`, `302 (to https://…)` */
export function inWords(status: number, location: string | undefined): string {
  return location ? `${status} (to ${location})` : String(status);
}

function secure(network: Network, host: string, socket: net.Socket, options: tls.ConnectionOptions = {}) {
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

/** A URL has the brackets of an IPv6 address, a socket not. */
const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, '');

const timedOut = () => Object.assign(new Error('No answer in time.'), { code: 'ETIMEDOUT' });
