import { createServer } from 'node:http';
import type { Response } from 'playwright-core';
import { fixture } from '../support/fixtures';
import { OWNER, type Post } from '../support/ghost/admin-api';
import { listen, stop } from '../support/local-server';
import { openBlogBehindCdn, type BlogBehindCdn } from '../support/tls-cdn/blog';
import { openDoorsTo, type Visitor, type Visitors } from '../support/tls-cdn/visitors';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

/** What an `img` is in the browser, of which this side has no types. */
interface ImageElement {
  src: string;
  complete: boolean;
  naturalWidth: number;
}

describe("an address on the blog's own host, from before the CDN", () => {
  let blog: BlogBehindCdn;
  let visitors: Visitors;
  let visitor: Visitor;
  /** Paths that were on the blog's host and are on the CDN now. */
  let paths: Record<'picture' | 'video' | 'thumbnail' | 'file' | 'icon', string>;

  beforeAll(async () => {
    blog = await openBlogBehindCdn();
    visitors = await openDoorsTo(blog.cdn);
    const media = await blog.admin.uploadMedia(fixture('clip.mp4'), fixture('clip-thumbnail.jpg', 'clip.jpg'));
    const urls = {
      picture: await blog.admin.uploadImage(fixture('landscape.jpg')),
      video: media.url,
      thumbnail: media.thumbnail_url ?? '',
      file: await blog.admin.uploadFile(fixture('field-notes.pdf')),
      icon: await blog.admin.uploadImage(fixture('icon.png'), 'icon'),
    };
    const entries = Object.entries(urls).map(([kind, url]) => {
      expect(url).toMatch(new RegExp(`^${blog.cdn.url}/content/`));
      return [kind, new URL(url).pathname];
    });
    paths = Object.fromEntries(entries) as typeof paths;
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await visitors?.close();
    await blog?.close();
  });
  beforeEach(async () => {
    visitor = await visitors.arrive();
  });
  afterEach(() => visitor?.close());

  /** The path of a size of the image. */
  const sized = (size: string) => paths.picture.replace('/content/images/', `/content/images/size/${size}/`);

  /** Every image, video, file and size, with the type that it has. */
  const everything = (): [string, string][] => [
    [paths.picture, 'image/jpeg'],
    [`${paths.picture}?v=20250101`, 'image/jpeg'],
    // A size that is requested for the first time and then is in the bucket, a converted one, and one that no theme uses.
    [sized('w600'), 'image/webp'],
    [sized('w600'), 'image/webp'],
    [sized('w1000/format/webp'), 'image/webp'],
    [sized('w12345'), 'image/jpeg'],
    [paths.thumbnail, 'image/jpeg'],
    [paths.video, 'video/mp4'],
  ];

  it('leads a browser to the CDN', async () => {
    for (const [path, type] of everything()) {
      const answer = await visitor.page.goto(blog.ghost.url + path);

      const { statuses, url } = await journeyOf(answer);
      expect(url).toMatch(new RegExp(`^${blog.cdn.url}/content/`));
      // A size that no theme knows becomes the original first, on the blog.
      expect(statuses).toEqual(path.includes('w12345') ? [302, 302, 200] : [302, 200]);
      expect(answer?.headers()['content-type']).toBe(type);
    }
  });

  it('still shows images and plays videos on the pages of other sites', async () => {
    const page = [paths.picture, sized('w300'), sized('w960'), sized('w1000/format/webp'), paths.thumbnail]
      .map((path) => `<img src="${blog.ghost.url}${path}">`)
      .concat(`<video src="${blog.ghost.url}${paths.video}" preload="auto" muted></video>`);

    await showAsPage(visitor, page.join('\n'));

    expect(await brokenImages(visitor)).toEqual([]);
    expect(await visitor.page.locator('img').count()).toBe(5);
    await visitor.page.waitForFunction(`document.querySelector('video').readyState >= 2`);
    expect(await visitor.page.evaluate(`document.querySelector('video').videoWidth`)).toBeGreaterThan(0);
    expect(visitor.failures).toEqual([]);
  });

  it('still shows an image that a theme refers to without a host', async () => {
    const relative = `<p class="from-the-theme"><img src="${paths.picture}"><img src="${sized('w320')}"></p>`;
    await blog.admin.editSettings({ codeinjection_foot: relative });

    await visitor.page.goto(`${blog.ghost.url}/`, { waitUntil: 'networkidle' });

    const images = visitor.page.locator('.from-the-theme img');
    expect(await images.count()).toBe(2);
    expect(await images.first().getAttribute('src')).toBe(paths.picture);
    expect(await brokenImages(visitor)).toEqual([]);
    const answers = visitor.responses.filter(({ url }) => url.endsWith(paths.picture));
    expect(answers.map(({ url, status }) => [url, status])).toEqual([
      [blog.ghost.url + paths.picture, 302],
      [blog.cdn.url + paths.picture, 200],
    ]);
  });

  it('still gives a file, byte for byte', async () => {
    await visitor.page.goto(`${blog.ghost.url}/`);

    const file = await visitor.page.evaluate(`(async () => {
      const response = await fetch(${JSON.stringify(paths.file)});
      const bytes = [...new Uint8Array(await response.arrayBuffer())];
      return { url: response.url, type: response.headers.get('content-type'), bytes };
    })()`);

    const { url, type, bytes } = file as { url: string; type: string; bytes: number[] };
    expect({ url, type }).toEqual({ url: blog.cdn.url + paths.file, type: 'application/pdf' });
    expect(Buffer.from(bytes).equals(fixture('field-notes.pdf').bytes)).toBe(true);
  });

  it('of the favicon leads to the icon in its size', async () => {
    await blog.admin.editSettings({ icon: blog.cdn.url + paths.icon });
    const icon = paths.icon.replace('/content/images/', '/content/images/size/w256h256/');

    for (const path of ['/favicon.ico', '/favicon.png', icon]) {
      const answer = await visitor.page.goto(blog.ghost.url + path);

      const { statuses, url } = await journeyOf(answer);
      expect(url).toBe(blog.cdn.url + icon);
      expect(statuses.slice(0, -1).every((status) => status === 302)).toBe(true);
      expect(statuses.at(-1)).toBe(200);
      expect(answer?.headers()['content-type']).toBe('image/png');
      expect(await visitor.page.evaluate('document.images[0].naturalWidth')).toBe(256);
    }
  });

  it('in a post is an image in its newsletter too', async () => {
    const old = [paths.picture, sized('w600')].map((path) => `<img class="old" src="${blog.ghost.url}${path}">`);
    const cards = [
      { type: 'html', version: 1, html: old.join('') },
      { type: 'image', version: 1, src: blog.ghost.url + paths.picture, width: 1600, height: 1000 },
    ];
    const root = { type: 'root', version: 1, format: '', indent: 0, direction: null, children: cards };
    const post = await blog.admin.createPost({
      title: 'From the archive',
      lexical: JSON.stringify({ root }),
      feature_image: blog.ghost.url + paths.picture,
      status: 'published',
    });

    const newsletter = await previewNewsletter(visitor, post);
    await showAsPage(visitor, newsletter);

    // The feature image, the two old ones and the card; Ghost's own badges are on a host of Ghost's.
    const ours = visitor.page.locator('img[src*="/content/images/"]:not([src*="icon"])');
    expect(await ours.count()).toBe(4);
    expect(await brokenImages(visitor)).toEqual([]);
  });

  /** The newsletter that Ghost makes of a post, as its admin shows it before it is sent. */
  async function previewNewsletter({ page }: Visitor, { id }: Post): Promise<string> {
    const api = `${blog.ghost.url}/ghost/api/admin`;
    const headers = { origin: new URL(blog.ghost.url).origin };
    const { email: username, password } = OWNER;
    await page.request.post(`${api}/session/`, { headers, data: { username, password } });
    const answer = await page.request.get(`${api}/email_previews/posts/${id}/`, { headers });
    expect(answer.status()).toBe(200);
    const { email_previews } = (await answer.json()) as { email_previews: [{ html: string }] };
    return email_previews[0].html;
  }

  /** The addresses of images that are not shown, of those that the blog or the CDN should have. */
  async function brokenImages({ page }: Visitor): Promise<string[]> {
    const images = await page.locator('img').evaluateAll((all) =>
      (all as unknown as ImageElement[]).map(({ src, complete, naturalWidth }) => ({
        src,
        isShown: complete && naturalWidth > 0,
      })),
    );
    const hosts = [blog.ghost.url, blog.cdn.url];
    return images
      .filter(({ src, isShown }) => !isShown && hosts.some((host) => src.startsWith(host)))
      .map((i) => i.src);
  }
});

/** Opens HTML as a page of another site, or as a mail program does. */
async function showAsPage({ page }: Visitor, html: string): Promise<void> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
  });
  try {
    await page.goto(`http://127.0.0.1:${await listen(server)}/`, { waitUntil: 'networkidle' });
  } finally {
    await stop(server);
  }
}

/** The statuses on the way to an answer, its own last, and where that way ended. */
async function journeyOf(answer: Response | null): Promise<{ statuses: number[]; url: string }> {
  const statuses: number[] = [];
  for (let request = answer?.request() ?? null; request; request = request.redirectedFrom()) {
    statuses.unshift((await request.response())?.status() ?? 0);
  }
  return { statuses, url: answer?.url() ?? '' };
}
