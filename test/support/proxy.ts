import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import type { Certificate } from './certificate';
import { listen, stop } from './local-server';

export interface ProxyOptions {
  /** The ports on 127.0.0.1 of the hosts that the proxy knows, by name; any other is answered with 502. */
  hosts: Record<string, number>;
  /** `USER:PASSWORD` that it demands. */
  credentials?: string;
}

/** A forward proxy, as companies have between their machines and the internet. */
export interface Proxy {
  port: number;
  /** Its URL for a proxy variable, without user name and password. */
  url: string;
  /** What it was asked for, in order: `CONNECT s3.test:443`, `PUT http://s3.test/…`. */
  requests: string[];
  /** The headers that reached hosts with plain requests. */
  forwarded: IncomingHttpHeaders[];
  /** The status with which it answers, without reaching any host. */
  refuseWith?: number;
  /** How many requests it answers with that status; all of them by default. */
  refusals: number;
  /** Is called when a plain request was answered. */
  onAnswer?: () => void;
  /** How many connections were opened to it. */
  connections: number;
  close(): Promise<void>;
}

/** Starts a forward proxy on loopback, which tunnels (CONNECT) and sends plain requests on. */
export async function startProxy({ hosts, credentials }: ProxyOptions): Promise<Proxy> {
  const server = createServer();
  const sockets = new Set<Socket>();
  const proxy: Proxy = {
    port: 0,
    url: '',
    requests: [],
    forwarded: [],
    connections: 0,
    refusals: Infinity,
    async close() {
      sockets.forEach((socket) => socket.destroy());
      await stop(server);
    },
  };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  server.on('connection', (socket: Socket) => {
    proxy.connections += 1;
    keep(socket);
  });
  const isKnown = (headers: IncomingHttpHeaders) =>
    credentials === undefined ||
    headers['proxy-authorization'] === `Basic ${Buffer.from(credentials).toString('base64')}`;
  answerConnects(server, proxy, hosts, isKnown, keep);
  forwardRequests(server, proxy, hosts, isKnown);
  proxy.port = await listen(server);
  proxy.url = `http://127.0.0.1:${proxy.port}`;
  return proxy;
}

function refusalOf(proxy: Proxy): number | undefined {
  proxy.refusals -= proxy.refuseWith === undefined ? 0 : 1;
  return proxy.refusals < 0 ? undefined : proxy.refuseWith;
}

type IsKnown = (headers: IncomingHttpHeaders) => boolean;

function answerConnects(
  server: Server,
  proxy: Proxy,
  hosts: ProxyOptions['hosts'],
  isKnown: IsKnown,
  keep: (socket: Socket) => void,
): void {
  server.on('connect', (request, client: Socket, head: Buffer) => {
    proxy.requests.push(`CONNECT ${request.url}`);
    const port = hosts[request.url?.replace(/:\d+$/, '') ?? ''];
    const status = isKnown(request.headers) ? (refusalOf(proxy) ?? (port === undefined ? 502 : 200)) : 407;
    if (status !== 200 || port === undefined) {
      client.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = net.connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    keep(upstream);
  });
}

function forwardRequests(server: Server, proxy: Proxy, hosts: ProxyOptions['hosts'], isKnown: IsKnown): void {
  server.on('request', (request, response) => {
    proxy.requests.push(`${request.method} ${request.url}`);
    const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
    const port = hosts[url?.hostname ?? ''];
    const status = isKnown(request.headers) ? (refusalOf(proxy) ?? (port === undefined ? 502 : undefined)) : 407;
    if (!url || status !== undefined) {
      request.resume();
      response.writeHead(status ?? 400, { 'content-type': 'text/html' }).end('<html><h1>Proxy</h1></html>');
      return;
    }
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !/^proxy-/.test(name)));
    proxy.forwarded.push(headers);
    response.once('finish', () => proxy.onAnswer?.());
    const upstream = httpRequest(
      { host: '127.0.0.1', port, method: request.method, path: url.pathname + url.search, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  });
}

/**
 * Puts TLS in front of a plain server.
 *
 * @returns its port, and what stops it
 */
export async function startTls(certificate: Certificate, port: number): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<Socket>();
  const server = tls.createServer({ cert: certificate.cert, key: certificate.key }, (client) => {
    const upstream = net.connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.pipe(upstream).pipe(client);
  });
  const tlsPort = await listen(server);
  return {
    port: tlsPort,
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}
