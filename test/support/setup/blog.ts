import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { S3CloudFrontStorage } from '../../../src/adapter/adapter';
import { BLOG_HOST } from './cloud';
import { stop } from '../local-server';

/** A blog that `setup` switches over: a folder as Ghost-CLI makes it, and what answers for it. */
export interface SetupBlog {
  folder: string;
  url: string;
  /** Whether it did not come up with the adapter. */
  isDown: boolean;
  /** Set by tests: it does not come up with the adapter. */
  breaks: boolean;
  /** Starts it again with its configuration, as `ghost restart` does; rejects when it does not come up. */
  restart(): Promise<void>;
  /** Removes the folder too. */
  close(): Promise<void>;
}

const FEATURES = ['images', 'media', 'files'];

/**
 * Starts a stand-in for Ghost: it serves its content folder, or redirects to the CDN by the adapter, as its configuration
 * says when it is started.
 *
 * @param port of it
 * @param endpoint of its S3
 */
export async function startBlogStandIn(
  port: number,
  endpoint: string,
  files: Record<string, Buffer>,
): Promise<SetupBlog> {
  const folder = await mkdtemp(path.join(tmpdir(), 'setup-blog-'));
  const url = `https://${BLOG_HOST}`;
  const code = path.join(folder, 'versions/6.65.0');
  await mkdir(code, { recursive: true });
  await symlink(code, path.join(folder, 'current'));
  const node = `^${process.versions.node.split('.')[0]}.0.0`;
  await writeFile(
    path.join(code, 'package.json'),
    JSON.stringify({ name: 'ghost', version: '6.65.0', engines: { node } }),
  );
  await writeFile(path.join(folder, '.ghost-cli'), '{}');
  const config = { url, server: { host: '127.0.0.1', port }, process: 'local' };
  await writeFile(path.join(folder, 'config.production.json'), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o640 });
  for (const name of [...FEATURES, 'adapters/storage', 'logs', 'data', 'themes']) {
    await mkdir(path.join(folder, 'content', name), { recursive: true });
  }
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, 'content', name)), { recursive: true });
    await writeFile(path.join(folder, 'content', name), bytes);
  }
  let server: Server | undefined;
  const end = async () => {
    if (server) {
      await stop(server);
      server = undefined;
    }
  };
  const blog: SetupBlog = {
    folder,
    url,
    isDown: false,
    breaks: false,
    async restart() {
      await end();
      blog.isDown = true;
      const options = optionsInUse(folder);
      if (options && (blog.breaks || !existsSync(path.join(folder, ADAPTER, 'package.json')))) {
        const line = JSON.stringify({ level: 50, err: { message: 'The stand-in was told to break' } });
        await writeFile(path.join(folder, 'content/logs/blog.error.log'), `${line}\n`);
        throw new Error('It does not start.');
      }
      server = createServer(
        options ? throughAdapter({ ...options, endpoint, forcePathStyle: true }) : fromDisk(folder),
      );
      await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
      blog.isDown = false;
    },
    async close() {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await blog.restart();
  return blog;
}

const ADAPTER = 'content/adapters/storage/S3CloudFrontStorage';

/** Returns the adapter's options if the configuration has Ghost use it. */
function optionsInUse(folder: string): Record<string, unknown> | undefined {
  const { storage } = JSON.parse(readFileSync(path.join(folder, 'config.production.json'), 'utf8')) as {
    storage?: { active?: string; S3CloudFrontStorage?: Record<string, unknown> };
  };
  return storage?.active === 'S3CloudFrontStorage' ? storage.S3CloudFrontStorage : undefined;
}

/** Mounts the adapter as Ghost does. A size is a copy of the image, as only who stores it matters. */
function throughAdapter(options: Record<string, unknown>): RequestListener {
  const mounts = FEATURES.map((feature) => {
    const prefix = `content/${feature}`;
    const adapter = new S3CloudFrontStorage({ ...options, staticFileURLPrefix: prefix });
    return { prefix: `/${prefix}`, adapter, serve: adapter.serve() };
  });
  return (request, response) => {
    const mount = mounts.find(({ prefix }) => request.url?.startsWith(`${prefix}/`));
    if (!mount) {
      response.end('<title>Blog</title>');
      return;
    }
    const { adapter, prefix, serve } = mount;
    request.url = request.url?.slice(prefix.length);
    const [place, original = ''] = /^\/size\/w\d+\/(.+)$/.exec(request.url ?? '') ?? [];
    const size = place?.slice(1);
    const made =
      size === undefined
        ? Promise.resolve()
        : adapter.exists(size).then(async (is) => is || adapter.saveRaw(await adapter.read({ path: original }), size));
    made.then(
      () => serve(request, response, () => response.writeHead(405).end()),
      (error: { statusCode?: number }) => response.writeHead(error.statusCode ?? 500).end(),
    );
  };
}

const fromDisk =
  (folder: string): RequestListener =>
  (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    if (!pathname.startsWith('/content/')) {
      response.end('<title>Blog</title>');
      return;
    }
    readFile(path.join(folder, pathname)).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  };
