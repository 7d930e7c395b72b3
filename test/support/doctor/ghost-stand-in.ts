import { createServer } from 'node:http';
import { S3CloudFrontStorage } from '../../../src/adapter/adapter';
import { listen, stop } from '../local-server';
import { makeSize } from '../sizes-as-ghost';

export interface GhostStandInOptions {
  /** The adapter's options, by feature. */
  adapters: Record<'images' | 'media' | 'files', Record<string, unknown>>;
  /** Whether a proxy in front of it removes the headers that name proxies. */
  hidesProxies?: boolean;
  /** How a proxy in front of it names itself, to Ghost and to visitors. */
  via?: string;
}

/** A Ghost as visitors and the CDN see it: a page, the adapter's middleware, and image sizes. */
export interface GhostStandIn {
  port: number;
  close(): Promise<void>;
}

/**
 * Mounts the adapter as Ghost does.
 *
 * @returns once it listens on 127.0.0.1
 */
export async function startGhostStandIn({ adapters, hidesProxies, via }: GhostStandInOptions): Promise<GhostStandIn> {
  const mounts = Object.entries(adapters).map(([feature, options]) => {
    const adapter = new S3CloudFrontStorage(options);
    return { prefix: `/content/${feature}/`, adapter, serve: adapter.serve() };
  });
  const server = createServer((request, response) => {
    const { url = '' } = request;
    if (hidesProxies) {
      delete request.headers.via;
      delete request.headers['user-agent'];
    }
    if (via) {
      request.headers.via = via;
      response.setHeader('via', via);
    }
    const mount = mounts.find(({ prefix }) => url.startsWith(prefix));
    if (!mount) {
      response.end('<title>Blog</title>');
      return;
    }
    const { prefix, adapter, serve } = mount;
    request.url = url.slice(prefix.length - 1);
    makeSize(adapter, request.url).then(
      () => serve(request, response, () => response.writeHead(500).end()),
      (error: { statusCode?: number }) => response.writeHead(error.statusCode ?? 500).end(),
    );
  });
  return { port: await listen(server), close: () => stop(server) };
}
