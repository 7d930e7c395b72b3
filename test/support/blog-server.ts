import http from 'node:http';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { type Answer, send } from './http-client';
import { listen, stop } from './local-server';

/** A blog that mounts the adapter's middleware as Ghost does: without the prefix, not decoded, with the query. */
export interface BlogServer {
  port: number;
  host: string;
  /** Errors that the middleware passed to Ghost's error handler. */
  errors: Error[];
  /** The requests as they are when they have been answered, which is when Ghost logs them. */
  requests: http.IncomingMessage[];
  request(path: string, headers?: http.OutgoingHttpHeaders, method?: string): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Starts a blog with one adapter.
 *
 * @param contentType set before the middleware is called, as Ghost does for `/format/webp/`
 */
export async function startBlogServer(adapter: S3CloudFrontStorage, contentType?: string): Promise<BlogServer> {
  const serve = adapter.serve();
  const mount = `/${adapter.staticFileURLPrefix}`;
  const errors: Error[] = [];
  const requests: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    requests.push(request);
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
  const port = await listen(server);
  const agent = new http.Agent({ keepAlive: true });
  return {
    port,
    host: `127.0.0.1:${port}`,
    errors,
    requests,
    request: (path, headers = {}, method = 'GET') =>
      send({ host: '127.0.0.1', port, path: `${mount}${path}`, method, headers, agent }),
    close: async () => {
      agent.destroy();
      await stop(server);
    },
  };
}
