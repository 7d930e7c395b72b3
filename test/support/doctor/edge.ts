import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { CdnStandIn } from '../cdn-stand-in';
import { HOP_BY_HOP_HEADERS } from '../cloudfront-rules';
import { type Answer, send } from '../http-client';
import { listen } from '../local-server';
import type { Certificate } from '../certificate';

export interface EdgeOptions {
  certificate: Certificate;
  cdn: CdnStandIn;
  /** TLS versions and ciphers; default: today's. */
  tls?: TlsOptions;
  /** Whether to switch HTTP/2 off. */
  http1Only?: boolean;
  /** Whether plain HTTP gets the same answers as TLS. */
  withoutRedirect?: boolean;
  /** Changes a visitor's answer; `origin`: the visitor's Origin header. */
  change?: (answer: Answer, path: string, origin?: string) => void;
  /** Whether to cache without limit that a file is missing. */
  remembersMissing?: boolean;
}

/** Adds a CDN's TLS and headers in front of a stand-in without them. */
export interface Edge {
  tlsPort: number;
  plainPort: number;
  close(): Promise<void>;
}

/** @returns once it listens on 127.0.0.1 for TLS and plain HTTP */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const missing = new Set<string>();

  async function answer(path: string, headers: IncomingMessage['headers']): Promise<Answer> {
    const { range, 'if-none-match': ifNoneMatch, origin, accept } = headers;
    const asked = {
      ...(range && { range }),
      ...(ifNoneMatch && { 'if-none-match': ifNoneMatch }),
      ...(origin && { origin }),
      ...(accept && { accept }),
    };
    const got: Answer = missing.has(path)
      ? { status: 404, headers: {}, body: Buffer.from('Not found') }
      : await ask(options.cdn, path, asked);
    if (got.status >= 400) {
      // Otherwise it caches missing files for a minute, and the tests wait.
      options.cdn.clearCache();
    }
    if (got.status === 404 && options.remembersMissing) {
      missing.add(path);
    }
    options.change?.(got, path, origin);
    got.headers['content-length'] = got.status === 304 ? undefined : String(got.body.length);
    return got;
  }

  const respond = (request: IncomingMessage, response: ServerResponse) => {
    void answer(request.url ?? '/', request.headers).then(({ status, headers, body }) => {
      response.statusCode = status;
      for (const [name, value] of Object.entries(headers)) {
        if (value !== undefined && !HOP_BY_HOP_HEADERS.includes(name)) {
          response.setHeader(name, value);
        }
      }
      response.end(body);
    });
  };

  const { cert, key } = options.certificate;
  const secrets = { cert, key, ...options.tls };
  const secure = options.http1Only
    ? https.createServer(secrets, respond)
    : http2.createSecureServer({ ...secrets, allowHTTP1: true }, (request, response) =>
        respond(request as unknown as IncomingMessage, response as unknown as ServerResponse),
      );
  const plain = createServer((request, response) => {
    if (options.withoutRedirect) {
      respond(request, response);
      return;
    }
    response.writeHead(301, { location: `https://${request.headers.host}${request.url}` }).end();
  });

  const sockets = new Set<Socket>();
  for (const server of [secure, plain]) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
  }

  return {
    tlsPort: await listen(secure),
    plainPort: await listen(plain),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([secure, plain].map((server) => new Promise((closed) => server.close(closed))));
    },
  };
}

function ask({ url, port }: CdnStandIn, path: string, headers: Record<string, string>): Promise<Answer> {
  const { host } = new URL(url);
  return send({ host: '127.0.0.1', port, path, headers: { host, ...headers }, agent: false });
}
