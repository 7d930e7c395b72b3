import { createServer } from 'node:http';
import { S3CloudFrontStorage } from '../../../src/adapter/adapter';
import { listen, stop } from '../local-server';
import { webp } from '../photos';

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
 * Mounts the adapter as Ghost does. A size is a copy of the image, or some WebP: tests check only who creates and stores
 * it.
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
    const size = /^\/size\/w\d+(\/format\/webp)?\/(.+)$/.exec(url.slice(prefix.length - 1));
    const serveFile = () => {
      request.url = url.slice(prefix.length - 1);
      serve(request, response, () => response.writeHead(500).end());
    };
    if (!size) {
      serveFile();
      return;
    }
    const path = size[0].slice(1);
    const [, format, original = ''] = size;
    adapter
      .exists(path)
      .then(async (exists) => {
        if (!exists) {
          const image = await adapter.read({ path: original });
          await adapter.saveRaw(format ? webp([]) : image, path);
        }
      })
      .then(serveFile, (error: { statusCode?: number }) => response.writeHead(error.statusCode ?? 500).end());
  });
  return { port: await listen(server), close: () => stop(server) };
}
