import { createServer, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen, stop } from '../local-server';

/** An answer that is not the usual one. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** A blog with a sitemap, and pages that consist of what a test says. */
export interface PublishedBlog {
  /** With a slash at its end. */
  url: string;
  /** The paths that were requested, in order. */
  requests: string[];
  /** Publishes a page; without `lastmod` the sitemap does not say when it changed. */
  publish(path: string, html: string, lastmod?: string): void;
  /** Answers a path in another way, each reply once and the last one from then on. */
  reply(path: string, ...replies: Reply[]): void;
  /** Runs before each answer. */
  beforeAnswer: (path: string) => Promise<void> | void;
  close(): Promise<void>;
}

/** A CDN that sends sizes as WebP to browsers that accept it: 60 bytes in place of 100, and full images of 1,000 bytes. */
export interface ImageCdn {
  /** Without a slash at its end. */
  url: string;
  /** `2026/11/a.jpg`, or `size/w600/2026/11/a.jpg (webp)`: the paths below content/images. */
  requests: string[];
  /** How many requests it had at most at the same time. */
  mostAtOnce: number;
  reply: PublishedBlog['reply'];
  beforeAnswer: PublishedBlog['beforeAnswer'];
  close(): Promise<void>;
}

/** Counts down the replies of a path. */
class Replies {
  private readonly replies = new Map<string, Reply[]>();

  set(path: string, replies: Reply[]): void {
    this.replies.set(path, replies);
  }

  next(path: string): Reply | undefined {
    const [first, ...rest] = this.replies.get(path) ?? [];
    if (rest.length > 0) this.replies.set(path, rest);
    return first;
  }
}

const pathOf = ({ url = '/' }: IncomingMessage) => url.split('?', 1)[0] ?? '/';

/** Zero is for no limit. Real servers keep connections for minutes, so a client that does not read an answer waits. */
const KEEP_ALIVE_MS = 0;

/** Lists its pages as Ghost does: an index, and a sitemap of posts. */
export async function startPublishedBlog(): Promise<PublishedBlog> {
  const pages = new Map<string, { html: string; lastmod?: string }>([['/', { html: '<h1>Home</h1>' }]]);
  const replies = new Replies();
  const requests: string[] = [];
  const sitemap = () =>
    [...pages]
      .map(([path, { lastmod }]) => {
        const time = lastmod === undefined ? '' : `<lastmod>${lastmod}</lastmod>`;
        return `<url><loc>${blog.url.slice(0, -1)}${path}</loc>${time}</url>`;
      })
      .join('');
  const usual = (path: string): Reply => {
    if (path === '/sitemap.xml') {
      const body = `<sitemapindex><sitemap><loc>${blog.url}sitemap-posts.xml</loc></sitemap></sitemapindex>`;
      return { headers: { 'content-type': 'text/xml' }, body };
    }
    if (path === '/sitemap-posts.xml') {
      return { headers: { 'content-type': 'text/xml' }, body: `<urlset>${sitemap()}</urlset>` };
    }
    const page = pages.get(path);
    return page ? { headers: { 'content-type': 'text/html; charset=utf-8' }, body: page.html } : { status: 404 };
  };
  const server = createServer((request, response) => {
    void (async () => {
      const path = pathOf(request);
      requests.push(path);
      await blog.beforeAnswer(path);
      const { status = 200, headers, body } = replies.next(path) ?? usual(path);
      response.writeHead(status, headers).end(body);
    })();
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const blog: PublishedBlog = {
    url: `http://127.0.0.1:${await listen(server)}/`,
    requests,
    publish: (path, html, lastmod) => void pages.set(path, { html, lastmod }),
    reply: (path, ...given) => replies.set(path, given),
    beforeAnswer: () => {},
    close: () => stop(server),
  };
  return blog;
}

export async function startImageCdn(): Promise<ImageCdn> {
  const replies = new Replies();
  let atOnce = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const path = pathOf(request).slice('/content/images/'.length);
      const isWebp = request.headers.accept?.includes('image/webp') ?? false;
      atOnce += 1;
      cdn.mostAtOnce = Math.max(cdn.mostAtOnce, atOnce);
      cdn.requests.push(`${path}${isWebp ? ' (webp)' : ''}`);
      await cdn.beforeAnswer(path);
      // Requests that are sent together must overlap.
      await sleep(5);
      const isSize = path.startsWith('size/');
      const usual: Reply = {
        headers: { 'content-type': isSize && isWebp ? 'image/webp' : 'image/jpeg' },
        body: Buffer.alloc(isSize ? (isWebp ? 60 : 100) : 1_000),
      };
      const { status = 200, headers, body } = replies.next(path) ?? usual;
      atOnce -= 1;
      response.writeHead(status, headers).end(body);
    })();
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const cdn: ImageCdn = {
    url: `http://127.0.0.1:${await listen(server)}`,
    requests: [],
    mostAtOnce: 0,
    reply: (path, ...given) => replies.set(path, given),
    beforeAnswer: () => {},
    close: () => stop(server),
  };
  return cdn;
}
