import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import https from 'node:https';
import type { Certificate } from '../certificate';
import { listen, stop } from '../local-server';

/** The proxy in front of Ghost, as nginx is with Ghost-CLI. */
export interface BlogFront {
  tlsPort: number;
  /** The same without TLS. */
  port: number;
  close(): Promise<void>;
}

/** Starts a proxy that passes requests for a host on to a port, with the headers that tell Ghost about TLS. */
export async function startBlogFront(host: string, ghostPort: number, certificate: Certificate): Promise<BlogFront> {
  const pass: RequestListener = (request, response) => {
    const headers = { ...request.headers, host, 'x-forwarded-proto': 'https' };
    const upstream = httpRequest(
      { host: '127.0.0.1', port: ghostPort, path: request.url, method: request.method, headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    upstream.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
    request.pipe(upstream);
  };
  const secure = https.createServer({ cert: certificate.cert, key: certificate.key }, pass);
  const plain = createServer(pass);
  const [tlsPort, port] = await Promise.all([listen(secure), listen(plain)]);
  return {
    tlsPort,
    port,
    async close() {
      await Promise.all([stop(secure), stop(plain)]);
    },
  };
}
