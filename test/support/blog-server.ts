import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';

/** What a visitor of the stand-in blog gets. */
export interface BlogAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  bytes: Buffer;
}

/** A blog that mounts the adapter's middleware as Ghost does: without the prefix, not decoded, query kept. */
export interface BlogServer {
  port: number;
  host: string;
  /** Errors that the middleware passed on, as Ghost's error handler would get them. */
  errors: Error[];
  request(path: string, headers?: http.OutgoingHttpHeaders, method?: string): Promise<BlogAnswer>;
  close(): Promise<void>;
}

/**
 * @param contentType set before the middleware is called, as Ghost does for `/format/webp/`
 */
export async function startBlogServer(adapter: S3CloudFrontStorage, contentType?: string): Promise<BlogServer> {
  const serve = adapter.serve();
  const mount = `/${adapter.staticFileURLPrefix}`;
  const errors: Error[] = [];
  const server = http.createServer((request, response) => {
    request.url = request.url?.slice(mount.length);
    if (contentType) {
      response.setHeader('Content-Type', contentType);
    }
    serve(request, response, (error) => {
      if (error) {
        errors.push(error as Error);
      }
      response.statusCode = error ? 500 : 405;
      response.end(error ? 'error page' : 'next handler');
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new http.Agent({ keepAlive: true });
  return {
    port,
    host: `127.0.0.1:${port}`,
    errors,
    request: (path, headers = {}, method = 'GET') =>
      new Promise((resolve, reject) => {
        const request = http.request({ host: '127.0.0.1', port, path: `${mount}${path}`, method, headers, agent });
        request.once('error', reject);
        request.once('response', (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) }),
          );
        });
        request.end();
      }),
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
