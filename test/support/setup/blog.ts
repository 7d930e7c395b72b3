import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { S3CloudFrontStorage } from '../../../src/adapter/adapter';
import { listen, stop } from '../local-server';
import { installBlog, type Installation, type InstallationOptions, type Settings } from './installation';
import { makeSize } from '../sizes-as-ghost';

/** A blog that `setup` switches over: its folder, and what answers for it. */
export interface SetupBlog {
  folder: string;
  url: string;
  /** Whether it did not come up with the adapter. */
  isDown: boolean;
  /** Set by tests: it does not come up with the adapter. */
  breaks: boolean;
  /**
   * Starts it again with its configuration, as `ghost restart` does; rejects when it does not come up.
   *
   * @param options `onlyWhenChanged`: not where it runs with the same, as `docker compose up` does
   */
  restart: (options?: { onlyWhenChanged?: boolean }) => Promise<void>;
  /** Removes the folder too. */
  close(): Promise<void>;
}

const FEATURES = ['images', 'media', 'files'];

/** A stand-in for Ghost in the folders of a real one. */
export interface BlogStandIn extends SetupBlog, Pick<Installation, 'contentPath' | 'settingsFile'> {
  /** How many times it was started. */
  starts: number;
}

/**
 * Starts a stand-in for Ghost: it serves its content folder, or redirects to the CDN by the adapter, as its settings say
 * when it is started.
 *
 * @param port of it
 * @param endpoint of its S3
 */
export async function startBlogStandIn(
  port: number,
  endpoint: string,
  files: Record<string, Buffer>,
  options: InstallationOptions = {},
): Promise<BlogStandIn> {
  const { folder, url, contentPath, settingsFile, settings } = await installBlog(port, options);
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(contentPath, name)), { recursive: true });
    await writeFile(path.join(contentPath, name), bytes);
  }
  const base = new URL(url).pathname.replace(/\/$/, '');
  let server: Server | undefined;
  let inUse: Settings | undefined;
  const end = async () => {
    if (server) {
      await stop(server);
      server = undefined;
    }
  };
  const blog: BlogStandIn = {
    folder,
    url,
    contentPath,
    settingsFile,
    isDown: false,
    breaks: false,
    starts: 0,
    async restart({ onlyWhenChanged = false } = {}) {
      const wanted = settings();
      if (onlyWhenChanged && server && isDeepStrictEqual(wanted, inUse)) {
        return;
      }
      await end();
      blog.isDown = true;
      blog.starts += 1;
      inUse = wanted;
      const adapter = optionsInUse(wanted);
      if (adapter && (blog.breaks || !existsSync(path.join(contentPath, ADAPTER, 'package.json')))) {
        const line = JSON.stringify({ level: 50, err: { message: 'The stand-in was told to break' } });
        await writeFile(path.join(contentPath, 'logs/blog.error.log'), `${line}\n`);
        throw new Error('It does not start.');
      }
      const listener = adapter ? throughAdapter({ ...adapter, endpoint, forcePathStyle: true }) : fromDisk(contentPath);
      server = createServer(below(base, listener));
      await listen(server, port);
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

const ADAPTER = 'adapters/storage/S3CloudFrontStorage';

/** Returns the adapter's options if the settings have Ghost use it. */
function optionsInUse({ adapters, storage: former }: Settings): Record<string, unknown> | undefined {
  const storage = adapters?.storage ?? former;
  return storage?.active === 'S3CloudFrontStorage' ? storage.S3CloudFrontStorage : undefined;
}

/** Serves a blog in a sub-directory, such as `/blog`. */
const below =
  (base: string, listener: RequestListener): RequestListener =>
  (request, response) => {
    if (request.url?.startsWith(`${base}/`)) {
      request.url = request.url.slice(base.length);
      listener(request, response);
    } else {
      response.writeHead(404).end();
    }
  };

/** Mounts the adapter as Ghost does. */
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
    makeSize(adapter, request.url ?? '').then(
      () => serve(request, response, () => response.writeHead(405).end()),
      (error: { statusCode?: number }) => response.writeHead(error.statusCode ?? 500).end(),
    );
  };
}

const fromDisk =
  (contentPath: string): RequestListener =>
  (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    if (!pathname.startsWith('/content/')) {
      response.end('<title>Blog</title>');
      return;
    }
    readFile(path.join(contentPath, pathname.slice('/content'.length))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  };
