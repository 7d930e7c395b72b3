import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Summary } from '../../src/commands/warm/tally';
import type { SeenResponse } from '../support/browser';
import { fixture } from '../support/fixtures';
import type { Post } from '../support/ghost/admin-api';
import { listen, stop } from '../support/local-server';
import { openBlogBehindCdn, type BlogBehindCdn } from '../support/tls-cdn/blog';
import { openDoorsTo, type Visitor, type VisitorOptions, type Visitors } from '../support/tls-cdn/visitors';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

const cli = path.resolve(__dirname, '../../dist/cli.js');
const FOR_EVER = 'public, max-age=31536000, immutable';
/** Of the fixture, in pixels. */
const PICTURE_WIDTH = 1600;
const VIEWPORTS = [
  { width: 360, height: 740 },
  { width: 820, height: 1180 },
  { width: 1280, height: 800 },
  { width: 2560, height: 1440 },
];

let blog: BlogBehindCdn;
let visitors: Visitors;

/** Opens the blog for the tests of one block. */
function useBlog(subdirectory?: string): void {
  beforeAll(async () => {
    blog = await openBlogBehindCdn({ subdirectory });
    visitors = await openDoorsTo(blog.cdn);
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await visitors?.close();
    await blog?.close();
  });
}

/** Publishes a post that shows one image at its top and in its text. */
async function publishPicture(fileName: string): Promise<Post> {
  const picture = await blog.admin.uploadImage(fixture('landscape.jpg', fileName));
  expect(picture).toBe(`${blog.cdn.url}/content/images/${blog.month}/${fileName}`);
  const card = { type: 'image', version: 1, src: picture, width: 1600, height: 1000, cardWidth: 'wide' };
  const root = { type: 'root', version: 1, format: '', indent: 0, direction: null, children: [card] };
  const lexical = JSON.stringify({ root });
  return blog.admin.createPost({ title: fileName, lexical, feature_image: picture, status: 'published' });
}

interface ShownPicture {
  /** The candidate that the browser chose. */
  url: string;
  isShown: boolean;
  candidates: string[];
}

/** What an `img` is in the browser, of which this side has no types. */
interface ImageElement {
  currentSrc: string;
  src: string;
  srcset: string;
  naturalWidth: number;
}

/** Opens a post, scrolls to its images, and returns what they became. */
async function look({ page }: Visitor, post: Post): Promise<ShownPicture[]> {
  await page.goto(post.url);
  const images = page.locator('article img[src*="/content/images/"]');
  for (const image of await images.all()) await image.scrollIntoViewIfNeeded();
  await page.waitForLoadState('networkidle');
  const elements = await images.evaluateAll((all) =>
    (all as unknown as ImageElement[]).map(({ currentSrc, src, srcset, naturalWidth }) => ({
      currentSrc,
      src,
      srcset,
      naturalWidth,
    })),
  );
  return elements.map(({ currentSrc, src, srcset, naturalWidth }) => ({
    url: currentSrc,
    isShown: naturalWidth > 0,
    candidates: [src, ...srcset.split(',').map((candidate) => candidate.trim().split(/\s/)[0] ?? '')].filter(Boolean),
  }));
}

/** The type that Chromium, which accepts WebP, gets for an address. */
const typeOf = (url: string) => (url.includes('/size/') ? 'image/webp' : 'image/jpeg');

/** The width that an address promises, in pixels. */
const widthOf = (url: string) => Number(/\/size\/w(\d+)\//.exec(url)?.[1] ?? PICTURE_WIDTH);

const isPicture = ({ url }: SeenResponse) => new URL(url).pathname.includes('/content/images/');

/** A size's path on the CDN, as Ghost's themes write it. */
const sizePath = (size: string, fileName: string) => `/content/images/size/${size}/${blog.month}/${fileName}`;

/** Returns the origin of each request for a path, in order, or `none` for an answer from the CDN's cache. */
async function originsOf(path: string): Promise<string[]> {
  const requests = await blog.cdn.requests();
  return requests.filter((request) => (request.originPath ?? request.path) === path).map(({ origin }) => origin);
}

describe('a published post with a feature image, on a CDN domain over TLS', () => {
  useBlog();
  let post: Post;
  beforeAll(async () => {
    post = await publishPicture('lake.jpg');
  });

  const visits = [
    ['when it is visited for the first time', { asksGhost: true }],
    ['when the CDN has everything', { isKept: true }],
    ['when the CDN has dropped everything', { forget: true }],
  ] as const;
  it.each(visits)(
    'shows its images on screens of every width, %s',
    async (_when, cache: { asksGhost?: true; isKept?: true; forget?: true }) => {
      const before = (await blog.cdn.requests()).length;
      const chosen: number[] = [];
      for (const viewport of VIEWPORTS) {
        if (cache.forget) await blog.cdn.clearCache();
        const visitor = await visitors.arrive({ viewport });
        const first = await look(visitor, post);
        const second = await look(visitor, post);

        expect([first.length, second.length]).toEqual([2, 2]);
        for (const { url, isShown } of [...first, ...second]) {
          expect(isShown).toBe(true);
          expect(url).toMatch(new RegExp(`^${blog.cdn.url}/content/images/(size/w\\d+/)?${blog.month}/lake\\.jpg$`));
        }
        const answers = visitor.responses.filter(isPicture);
        expect(answers.length).toBeGreaterThan(0);
        for (const { url, status, contentType } of answers) {
          expect({ origin: new URL(url).origin, status, contentType }).toEqual({
            origin: blog.cdn.url,
            status: 200,
            contentType: typeOf(url),
          });
        }
        expect(visitor.failures.filter((failure) => failure.includes('/content/'))).toEqual([]);
        chosen.push(widthOf(first[0]?.url ?? ''));
        await visitor.close();
      }
      const requests = (await blog.cdn.requests()).slice(before).filter(({ path }) => path.endsWith('/lake.jpg'));
      const origins = requests.map(({ origin }) => origin);
      if (cache.isKept) expect(new Set(origins)).toEqual(new Set(['none']));
      if (blog.ghost.install.major === 6) {
        expect(Math.min(...chosen)).toBeLessThan(Math.max(...chosen));
        expect(origins.includes('ghost')).toBe(Boolean(cache.asksGhost));
      }
    },
  );

  it('offers only sizes that are there, on Ghost 6 in the widths of its theme; Ghost 5 offers the original', async () => {
    const original = `${blog.cdn.url}/content/images/${blog.month}/lake.jpg`;
    const visitor = await visitors.arrive();
    const candidates = (await look(visitor, post)).flatMap((picture) => picture.candidates);
    const offered = [...new Set(candidates)].map((url) => ({ url, width: widthOf(url) }));
    const widths = offered.map(({ width }) => width).sort((a, b) => a - b);
    if (blog.ghost.install.major === 6) expect(widths).toEqual([320, 600, 960, 1000, 1200, 1600, 2000]);
    else expect(offered).toEqual([{ url: original, width: PICTURE_WIDTH }]);

    for (const { url, width } of offered) {
      expect(await fetchPicture(visitor, url)).toEqual({
        status: 200,
        type: typeOf(url),
        // Ghost does not enlarge an image.
        width: Math.min(width, PICTURE_WIDTH),
      });
    }
    await visitor.close();
  });

  it('has Ghost make each size once, however many ask at once and however often the CDN drops it', async () => {
    await blog.admin.uploadImage(fixture('landscape.jpg', 'once.jpg'));
    const paths = ['w320', 'w600', 'w1200'].map((size) => sizePath(size, 'once.jpg'));

    const crowd = await Promise.all([...paths, ...paths, ...paths].map((path) => blog.cdn.request(path)));

    expect(crowd.map(({ status }) => status)).toEqual(crowd.map(() => 200));
    for (const path of paths) expect((await originsOf(path)).sort()).toEqual(['ghost', 'none', 'none']);

    await blog.cdn.clearCache();
    for (const path of paths) {
      const again = await blog.cdn.request(path);
      const stored = await blog.s3.read(blog.bucket, path.slice(1));

      expect(again).toMatchObject({
        status: 200,
        headers: { 'content-type': 'image/jpeg', 'cache-control': FOR_EVER },
      });
      expect(again.body.equals(stored.bytes)).toBe(true);
      const origins = await originsOf(path);
      expect(origins.at(-1)).toBe('s3');
      expect(origins.filter((origin) => origin === 'ghost')).toHaveLength(1);
    }
  });

  it('gives WebP that says what it is, the first time and from the bucket, and JPEG to clients that do not name WebP', async () => {
    await blog.admin.uploadImage(fixture('landscape.jpg', 'formats.jpg'));
    const visitor = await visitors.arrive();
    await visitor.page.goto(post.url);
    const [path, stored] = [sizePath('w600', 'formats.jpg'), sizePath('w600/format/webp', 'formats.jpg')];

    const fromGhost = await fetchPicture(visitor, blog.cdn.url + path);
    await blog.cdn.clearCache();
    const fromBucket = await blog.cdn.request(path, { accept: 'image/webp,*/*' });
    const asked = await blog.cdn.request(stored);
    const asJpeg = await blog.cdn.request(path, { accept: 'image/*' });

    expect(fromGhost).toEqual({ status: 200, type: 'image/webp', width: 600 });
    for (const answer of [fromBucket, asked]) {
      expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'image/webp' } });
      expect(answer.body.subarray(8, 12).toString('latin1')).toBe('WEBP');
    }
    expect(asJpeg).toMatchObject({ status: 200, headers: { 'content-type': 'image/jpeg' } });
    expect(asJpeg.body.length).toBeGreaterThan(asked.body.length);
    expect(await originsOf(stored)).toEqual(['ghost', 's3', 'none']);
    expect(await blog.s3.read(blog.bucket, stored.slice(1))).toMatchObject({
      contentType: 'image/webp',
      cacheControl: FOR_EVER,
    });
    await visitor.close();
  });

  it('never has Ghost make AVIF: browsers get WebP, and other clients JPEG', async () => {
    await blog.admin.uploadImage(fixture('landscape.jpg', 'heavy.jpg'));
    const path = sizePath('w600/format/avif', 'heavy.jpg');
    const answers = [await blog.cdn.request(path, { accept: 'image/avif,image/webp' }), await blog.cdn.request(path)];
    expect(answers.map(({ status, headers }) => [status, headers['content-type']])).toEqual([
      [200, 'image/webp'],
      [200, 'image/jpeg'],
    ]);
    expect((await blog.keys()).filter((key) => key.includes('avif'))).toEqual([]);
  });

  it('keeps one copy of a size, however its address is written', async () => {
    await blog.admin.uploadImage(fixture('landscape.jpg', 'spelled.jpg'));
    const spellings = [
      sizePath('w600', 'spelled.jpg?v=1'),
      sizePath('w600', 'spelled.jpg'),
      sizePath('w600', 'spelled.jpg?v=2&ref=blog.example.com'),
      sizePath('w600/', 'spelled.jpg'),
      sizePath('w600', '/spelled.jpg'),
      sizePath('w600', 's%70elled%2Ejpg'),
      sizePath('w600', 's%70elled.jpg?v=%2F..%2F'),
    ];

    const answers = [];
    for (const path of spellings) answers.push(await blog.cdn.request(path));

    const stored = await blog.keys(`content/images/size/w600/`);
    expect(stored.filter((key) => key.includes('elled'))).toEqual([sizePath('w600', 'spelled.jpg').slice(1)]);
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body.equals(answers[0]?.body ?? Buffer.alloc(0))).toBe(true);
    }
    // The query string is not part of what the CDN looks for.
    expect(await originsOf(sizePath('w600', 'spelled.jpg'))).toEqual(['ghost', 'none', 'none']);
  });

  it('creates sizes of images whose names need percent-encoding', async () => {
    const name = 'Über uns + mehr (50%).jpg';
    const { bytes } = fixture('landscape.jpg');
    const original = { Key: `content/images/2020/01/${name}`, Body: bytes, ContentType: 'image/jpeg' };
    await blog.s3.client.send(new PutObjectCommand({ Bucket: blog.bucket, ...original }));
    const path = `/content/images/size/w600/2020/01/${encodeURIComponent(name)}`;

    const visitor = await visitors.arrive();
    await visitor.page.goto(post.url);
    const size = await fetchPicture(visitor, blog.cdn.url + path);
    await blog.cdn.clearCache();
    const again = await blog.cdn.request(path, { accept: 'image/webp' });
    const asJpeg = await blog.cdn.request(path);

    expect(size).toEqual({ status: 200, type: 'image/webp', width: 600 });
    expect(again).toMatchObject({ status: 200, headers: { 'content-type': 'image/webp' } });
    expect(asJpeg).toMatchObject({ status: 200, headers: { 'content-type': 'image/jpeg' } });
    expect(await originsOf(path.replace('/w600/', '/w600/format/webp/'))).toEqual(['ghost', 's3']);
    expect((await blog.keys('content/images/size/w600/')).filter((key) => key.includes('/2020/'))).toEqual([
      `content/images/size/w600/2020/01/${name}`,
      `content/images/size/w600/format/webp/2020/01/${name}`,
    ]);
    await visitor.close();
  });

  it('shows the original in the place of a size that the theme does not know', async () => {
    const visitor = await visitors.arrive();

    await visitor.page.goto(blog.cdn.url + sizePath('w12345', 'lake.jpg'));

    expect(visitor.page.url()).toBe(`${blog.cdn.url}/content/images/${blog.month}/lake.jpg`);
    expect(visitor.responses.map(({ status }) => status)).toEqual([302, 200]);
    expect(await visitor.page.evaluate('document.images[0].naturalWidth')).toBe(PICTURE_WIDTH);
    expect(await blog.keys('content/images/size/w12345/')).toEqual([]);
    await visitor.close();
  });

  it('gets a 404 for an image that does not exist, which the CDN keeps for at most a minute', async () => {
    const path = sizePath('w600', 'nowhere.jpg');

    const missing = await blog.cdn.request(path);
    const again = await blog.cdn.request(path);

    expect(missing.status).toBe(404);
    const seconds = /(?:^|[\s,])max-age=(\d+)/.exec(missing.headers['cache-control'] ?? '')?.[1];
    expect(Number(seconds)).toBeGreaterThan(0);
    expect(Number(seconds)).toBeLessThanOrEqual(60);
    expect(again).toMatchObject({ status: 404, headers: { 'x-cache': 'Hit from cloudfront' } });
    expect(await originsOf(path)).toEqual(['ghost', 'none']);
    expect(await blog.keys(path.slice(1))).toEqual([]);
  });

  it('runs no script of an SVG that is opened on its own, from the CDN and from the blog itself', async () => {
    const source =
      '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60" onload="console.log(\'a script ran\')">' +
      '<script>console.log("a script ran")</script><rect width="90" height="60" fill="teal"/></svg>';
    const path = `/content/images/${blog.month}/scripted.svg`;
    const scripted = { Key: path.slice(1), Body: source, ContentType: 'image/svg+xml' };
    await blog.s3.client.send(new PutObjectCommand({ Bucket: blog.bucket, ...scripted }));

    const fromCdn = await openSvg(blog.cdn.url + path);
    const fromBlog = await openSvg(blog.ghost.url + path, {
      headers: { 'x-ghost-cdn-fallback-key': blog.fallbackSecret },
    });

    const drawnOnly = { status: 200, contentType: 'image/svg+xml', shapes: 1, messages: [] };
    expect(fromCdn).toEqual({ url: blog.cdn.url + path, ...drawnOnly });
    expect(fromBlog).toEqual({ url: blog.ghost.url + path, ...drawnOnly });
    // The browser does run the scripts where no policy forbids it.
    const elsewhere = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(source);
    });
    try {
      const control = await openSvg(`http://127.0.0.1:${await listen(elsewhere)}/scripted.svg`);
      expect(control.messages).toEqual(['a script ran', 'a script ran']);
    } finally {
      await stop(elsewhere);
    }
  });

  // The last one, since it requests all sizes of all posts.
  it('has every image in the cache after warm, whatever a visitor looks at', async () => {
    const warmed = await publishPicture('warmed.jpg');

    const { sizes, otherImages, redirected, failures } = await warm();

    expect([redirected, failures]).toEqual([[], []]);
    expect(otherImages.count).toBeGreaterThan(0);
    if (blog.ghost.install.major === 6) {
      const widths = [320, 600, 960, 1000, 1200, 2000].map((width) => sizePath(`w${width}`, 'warmed.jpg').slice(1));
      expect(await blog.keys('content/images/size/')).toEqual(expect.arrayContaining(widths));
      expect(sizes.count).toBeGreaterThan(widths.length);
    }
    const before = (await blog.cdn.requests()).length;
    for (const viewport of VIEWPORTS) {
      const visitor = await visitors.arrive({ viewport });
      await look(visitor, warmed);
      await visitor.close();
    }
    const asked = (await blog.cdn.requests()).slice(before).filter(({ path }) => path.endsWith('/warmed.jpg'));
    expect(new Set(asked.map(({ origin }) => origin))).toEqual(new Set(['none']));
  });
});

describe('a blog in a sub-directory of its site', () => {
  useBlog('/blog');

  it('shows its images from the CDN, whose URLs do not contain the sub-directory', async () => {
    const post = await publishPicture('shed.jpg');
    expect(post.url).toContain(`${blog.ghost.url}/`);

    const visitor = await visitors.arrive();
    const pictures = await look(visitor, post);

    expect(pictures).toHaveLength(2);
    for (const { url, isShown, candidates } of pictures) {
      expect(isShown).toBe(true);
      for (const candidate of [url, ...candidates]) {
        expect(candidate).toMatch(new RegExp(`^${blog.cdn.url}/content/images/`));
        expect(await fetchPicture(visitor, candidate)).toMatchObject({ status: 200, type: typeOf(candidate) });
      }
    }
    expect(visitor.responses.filter(isPicture).map(({ status }) => status)).not.toContain(302);
    await visitor.close();
  });

  it('shows the original in the place of a size that the theme does not know, from where Ghost sends it', async () => {
    await blog.admin.uploadImage(fixture('landscape.jpg', 'well.jpg'));
    const visitor = await visitors.arrive();

    await visitor.page.goto(blog.cdn.url + sizePath('w12345', 'well.jpg'));

    expect(visitor.page.url()).toBe(`${blog.cdn.url}/blog/content/images/${blog.month}/well.jpg`);
    expect(visitor.responses.map(({ status }) => status)).toEqual([302, 200]);
    expect(await visitor.page.evaluate('document.images[0].naturalWidth')).toBe(PICTURE_WIDTH);
    await visitor.close();
  });

  it('sends the private original from neither the CDN nor Ghost, which makes sizes of it', async () => {
    await blog.admin.uploadImage(fixture('landscape.jpg', 'mill.jpg'));
    const original = `/content/images/${blog.month}/mill_o.jpg`;
    expect(await blog.keys()).toContain(original.slice(1));

    expect((await blog.cdn.request(original)).status).toBe(404);
    // Where Ghost redirects to in the place of a size that it does not make.
    expect((await blog.cdn.request(`/blog${original}`)).status).toBe(404);
    const secret = { 'x-ghost-cdn-fallback-key': blog.fallbackSecret };
    const fromGhost = await fetch(`${blog.ghost.url}${original}`, { headers: secret, redirect: 'manual' });
    expect(fromGhost.status).toBe(404);
    const visited = await fetch(`${blog.ghost.url}${original}`, { redirect: 'manual' });
    expect([visited.status, visited.headers.get('location')]).toEqual([302, `${blog.cdn.url}${original}`]);

    expect((await blog.cdn.request(sizePath('w600', 'mill.jpg'))).status).toBe(200);
  });

  it('has Ghost make each size once, and keeps one copy of it, without the sub-directory', async () => {
    await blog.admin.uploadImage(fixture('landscape.jpg', 'barn.jpg'));
    const path = sizePath('w600', 'barn.jpg');

    const first = await blog.cdn.request(`${path}?v=1`);
    await blog.cdn.clearCache();
    const again = await blog.cdn.request(path);
    const doubled = await blog.cdn.request(sizePath('w600/', 'barn.jpg'));

    for (const { status, body } of [first, again, doubled]) {
      expect(status).toBe(200);
      expect(body.equals(first.body)).toBe(true);
    }
    expect(await originsOf(path)).toEqual(['ghost', 's3']);
    expect((await blog.keys()).filter((key) => key.includes('barn'))).toEqual([
      `content/images/${blog.month}/barn.jpg`,
      `content/images/${blog.month}/barn_o.jpg`,
      path.slice(1),
    ]);
  });
});

/** Runs `warm` away from Ghost's machine. */
async function warm(): Promise<Summary> {
  const folder = mkdtempSync(path.join(tmpdir(), 'warm-'));
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [cli, 'warm', '--json', '--ghost-url', blog.ghost.url, '--cdn-url', blog.cdn.url],
      { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, ...blog.cdn.ghostEnvironment } },
    );
    return JSON.parse(stdout) as Summary;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Fetches an image as a script of the visitor's page can, which fails on a redirect, and decodes it. */
function fetchPicture({ page }: Visitor, url: string): Promise<{ status: number; type: string; width: number }> {
  return page.evaluate(`(async () => {
    const headers = { accept: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8' };
    const response = await fetch(${JSON.stringify(url)}, { redirect: 'error', headers });
    const { width } = await createImageBitmap(await response.blob());
    return { status: response.status, type: response.headers.get('content-type'), width };
  })()`);
}

/** Opens an SVG as a page of its own. */
async function openSvg(url: string, options?: VisitorOptions) {
  const visitor = await visitors.arrive(options);
  const messages: string[] = [];
  visitor.page.on('console', (message) => {
    // Chromium reports each script that a policy has stopped as an error.
    if (message.type() !== 'error') messages.push(message.text());
  });
  const response = await visitor.page.goto(url, { waitUntil: 'networkidle' });
  const seen = {
    url: visitor.page.url(),
    status: response?.status(),
    contentType: response?.headers()['content-type'],
    shapes: await visitor.page.locator('rect').count(),
    messages,
  };
  await visitor.close();
  return seen;
}
