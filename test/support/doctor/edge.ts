import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TlsOptions } from 'node:tls';
import type { CdnStandIn } from '../cdn-stand-in';
import type { Certificate } from './certificate';

/** What a visitor gets. */
export interface EdgeAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface EdgeOptions {
  certificate: Certificate;
  cdn: CdnStandIn;
  /** Versions and ciphers, where they are not those of today. */
  tls?: TlsOptions;
  /** No HTTP/2. */
  http1Only?: boolean;
  /** Answers over plain HTTP as over TLS. */
  withoutRedirect?: boolean;
  /** Changes what a visitor gets. */
  change?: (answer: EdgeAnswer, path: string) => void;
  /** Remembers for ever that something is not there. */
  remembersMissing?: boolean;
}

/** The TLS and the headers of a CDN, before one that has neither. */
export interface Edge {
  tlsPort: number;
  plainPort: number;
  close(): Promise<void>;
}

const POLICY_HEADERS = {
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
  'strict-transport-security': 'max-age=31536000',
};

/** @returns once it listens on 127.0.0.1, for TLS and for plain HTTP */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const missing = new Set<string>();

  async function answer(path: string, headers: IncomingMessage['headers']): Promise<EdgeAnswer> {
    const { range, 'if-none-match': ifNoneMatch } = headers;
    const asked = { ...(range && { range }), ...(ifNoneMatch && { 'if-none-match': ifNoneMatch }) };
    const got = missing.has(path)
      ? { status: 404, headers: {}, body: Buffer.from('Not found') }
      : await ask(options.cdn, path, asked);
    if (got.status >= 400) {
      // Else it remembers for a minute what is not there, and the tests wait.
      options.cdn.clearCache();
    }
    if (got.status === 404 && options.remembersMissing) {
      missing.add(path);
    }
    const changed: EdgeAnswer = { ...got, headers: { ...got.headers, ...POLICY_HEADERS } };
    options.change?.(changed, path);
    changed.headers['content-length'] = changed.status === 304 ? undefined : String(changed.body.length);
    return changed;
  }

  const respond = (request: IncomingMessage, response: ServerResponse) => {
    void answer(request.url ?? '/', request.headers).then(({ status, headers, body }) => {
      response.statusCode = status;
      for (const [name, value] of Object.entries(headers)) {
        if (value !== undefined && !['connection', 'keep-alive', 'transfer-encoding'].includes(name)) {
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
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  }
  const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

  return {
    tlsPort: portOf(secure),
    plainPort: portOf(plain),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([secure, plain].map((server) => new Promise((closed) => server.close(closed))));
    },
  };
}

function ask({ url, port }: CdnStandIn, path: string, headers: Record<string, string>): Promise<EdgeAnswer> {
  return new Promise((resolve, reject) => {
    const host = new URL(url).host;
    httpRequest({ host: '127.0.0.1', port, path, headers: { host, ...headers }, agent: false }, (response) => {
      buffer(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      );
    })
      .once('error', reject)
      .end();
  });
}
