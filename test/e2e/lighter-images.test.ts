import { readFile } from 'node:fs/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { SeenResponse } from '../support/browser';
import type { Post } from '../support/ghost/admin-api';
import { decode, encodeJpeg } from '../support/ghost/sharp';
import { drawPhotograph } from '../support/photographs';
import { exif, exifSegment, hasPlace } from '../support/photos';
import { openBlogBehindCdn, type BlogBehindCdn } from '../support/tls-cdn/blog';
import { openDoorsTo, type Visitor, type Visitors } from '../support/tls-cdn/visitors';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

const PHOTOGRAPHS = 20;
/** In pixels, no width of which Ghost makes sizes. */
const [WIDTH, HEIGHT] = [1680, 1120];
const CAMERA_QUALITY = 88;

/** Puts the function `ssim.ssim` into a page. */
const ssimScript = require.resolve('ssim.js/dist/ssim.web.js');

/** Chromium's header for images, and that of a browser before WebP. */
const ACCEPT = {
  webp: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
  jpeg: 'image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5',
};

let blog: BlogBehindCdn;
let visitors: Visitors;
/** As cameras store them. */
let photographs: { url: string; bytes: Buffer }[];
/** The post that shows all of them. */
let exhibition: Post;

beforeAll(async () => {
  blog = await openBlogBehindCdn();
  visitors = await openDoorsTo(blog.cdn);
  photographs = [];
  for (let seed = 1; seed <= PHOTOGRAPHS; seed += 1) {
    const bytes = await encodeJpeg(blog.ghost.install, drawPhotograph(seed, WIDTH, HEIGHT), CAMERA_QUALITY);
    const url = await blog.admin.uploadImage({ name: `photograph-${seed}.jpg`, bytes, type: 'image/jpeg' });
    photographs.push({ url, bytes });
  }
  const urls = photographs.map(({ url }) => url);
  exhibition = await publish('Twenty photographs', urls);
  for (const url of urls.slice(0, 11)) await publish(`On ${url}`, [url]);
}, SETUP_TIMEOUT_MS);
afterAll(async () => {
  await visitors?.close();
  await blog?.close();
});

/** Publishes a post with the first photograph on top, and below it all as cards of several widths and a gallery. */
function publish(title: string, urls: string[]): Promise<Post> {
  const size = { width: WIDTH, height: HEIGHT };
  const cards = urls.slice(0, 11).map((src, index) => {
    const cardWidth = index % 4 === 3 ? 'wide' : 'regular';
    return { type: 'image', version: 1, src, ...size, cardWidth };
  });
  const images = urls.slice(11).map((src, index) => {
    return { src, fileName: src.split('/').at(-1), ...size, row: Math.floor(index / 3) };
  });
  const children = [...cards, ...(images.length > 0 ? [{ type: 'gallery', version: 1, images }] : [])];
  const root = { type: 'root', version: 1, format: '', indent: 0, direction: null, children };
  const lexical = JSON.stringify({ root });
  return blog.admin.createPost({ title, lexical, feature_image: urls[0], status: 'published' });
}

interface ShownImage {
  /** The candidate that the browser chose. */
  url: string;
  /** Where and how large it is on the page, in CSS pixels. */
  box: { x: number; y: number; width: number; height: number };
  naturalWidth: number;
  naturalHeight: number;
}

/** Opens a page and scrolls through it until every photograph is shown. */
async function look({ page }: Visitor, url: string): Promise<ShownImage[]> {
  await page.goto(url);
  return page.evaluate(`(async () => {
    const images = [...document.querySelectorAll('img[src*="/photograph-"]')].filter((image) => image.checkVisibility());
    for (const image of images) {
      image.scrollIntoView();
      await image.decode();
    }
    scrollTo(0, 0);
    return images.map((image) => {
      const { x, y, width, height } = image.getBoundingClientRect();
      const { currentSrc: url, naturalWidth, naturalHeight } = image;
      return { url, box: { x, y, width, height }, naturalWidth, naturalHeight };
    });
  })()`);
}

const isPhotograph = ({ url }: SeenResponse) => new URL(url).pathname.includes('/photograph-');
const isSize = ({ url }: { url: string }) => url.includes('/content/images/size/');

/**
 * Ghost 5 offers the full image under several widths. Chromium takes one of these for the image's width, by the order in
 * which images arrive, and Source's rows of posts grow with it.
 */
const comparable = ({ url, ...look }: ShownImage) => ({ url, ...(isSize({ url }) && look) });
/** Source itself names WebP in the URLs on its home page. */
const namesFormat = ({ url }: { url: string }) => url.includes('/format/');
const pathOf = (url: string) => new URL(url).pathname;

/** The type that a browser gets for a URL on a page. */
function expectedType(url: string, acceptsWebp: boolean): string {
  return namesFormat({ url }) || (isSize({ url }) && acceptsWebp) ? 'image/webp' : 'image/jpeg';
}

/** Expects that a visitor got every photograph, in the right format. */
function expectTypes({ responses, failures }: Visitor, acceptsWebp: boolean): void {
  const seen = responses.filter(isPhotograph);
  expect(seen.length).toBeGreaterThan(0);
  for (const { url, status, contentType } of seen) {
    expect({ url, status, contentType }).toEqual({ url, status: 200, contentType: expectedType(url, acceptsWebp) });
  }
  expect(failures.filter((failure) => failure.includes('/content/images/'))).toEqual([]);
}

/** Returns how alike a URL's image is to two browsers, as the index of structural similarity: 1 means equal. */
async function similarity({ page }: Visitor, url: string): Promise<number> {
  return page.evaluate(`(async () => {
    const pixels = async (accept) => {
      const response = await fetch(${JSON.stringify(url)}, { headers: { accept }, cache: 'no-store' });
      const image = await createImageBitmap(await response.blob());
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
      context.drawImage(image, 0, 0);
      return [response.headers.get('content-type'), context.getImageData(0, 0, image.width, image.height)];
    };
    const [[jpegType, jpeg], [webpType, webp]] = [await pixels('${ACCEPT.jpeg}'), await pixels('${ACCEPT.webp}')];
    if (jpegType !== 'image/jpeg' || webpType !== 'image/webp') throw new Error('Got ' + jpegType + ' and ' + webpType);
    return ssim.ssim(jpeg, webp).mssim;
  })()`);
}

/** The sizes of the exhibition's page on a desktop. Ghost 5 offers none on another domain, so these are those of Ghost 6. */
async function shownSizes(): Promise<string[]> {
  if (blog.ghost.install.major < 6) return photographs.map(({ url }) => url.replace('/images/', '/images/size/w1000/'));
  const visitor = await visitors.arrive();
  const shown = await look(visitor, exhibition.url);
  await visitor.close();
  return [...new Set(shown.filter(isSize).map(({ url }) => url))];
}

describe('a blog with twenty photographs, whose image server is set to WebP', () => {
  describe.each(['source', 'casper'])('with the theme %s', (theme) => {
    beforeAll(() => blog.admin.activateTheme(theme));
    afterAll(() => blog.cdn.setFormats('webp'));

    it.each(['the home page', 'a post'])('looks the same on %s, where all sizes are WebP', async (place) => {
      const url = place === 'a post' ? exhibition.url : blog.ghost.url;
      blog.cdn.setFormats('none');
      const before = await visitors.arrive();
      const asJpeg = await look(before, url);
      expectTypes(before, false);
      await before.close();

      blog.cdn.setFormats('webp');
      const visitor = await visitors.arrive();
      const asWebp = await look(visitor, url);

      expectTypes(visitor, true);
      expect(asWebp.map(comparable)).toEqual(asJpeg.map(comparable));
      expect(asWebp.length).toBeGreaterThan(place === 'a post' ? PHOTOGRAPHS : 10);
      expect(asWebp.some(isSize)).toBe(blog.ghost.install.major >= 6);
      await visitor.close();
    });

    it('costs a second visit nothing', async () => {
      const visitor = await visitors.arrive();
      for (const url of [blog.ghost.url, exhibition.url]) await look(visitor, url);
      const before = (await blog.cdn.requests()).length;

      for (const url of [blog.ghost.url, exhibition.url]) await look(visitor, url);

      expect((await blog.cdn.requests()).slice(before)).toEqual([]);
      await visitor.close();
    });

    it('gives JPEG to a browser that does not accept WebP', async () => {
      const visitor = await visitors.arrive({ headers: { accept: ACCEPT.jpeg } });

      await look(visitor, exhibition.url);

      expectTypes(visitor, false);
      await visitor.close();
    });
  });

  it('shows every photograph as it looks as JPEG, for at most 80 % of the bytes', async () => {
    const visitor = await visitors.arrive();
    await visitor.page.goto(blog.ghost.url);
    await visitor.page.addScriptTag({ path: ssimScript });
    const bytes = { jpeg: 0, webp: 0 };
    const similarities: number[] = [];
    const urls = await shownSizes();
    for (const url of urls) {
      for (const format of ['jpeg', 'webp'] as const) {
        bytes[format] += (await blog.cdn.request(pathOf(url), { accept: ACCEPT[format] })).body.length;
      }
      similarities.push(await similarity(visitor, url));
    }

    expect(urls.length).toBeGreaterThanOrEqual(PHOTOGRAPHS);
    expect(Math.min(...similarities)).toBeGreaterThanOrEqual(0.95);
    expect(bytes.webp / bytes.jpeg).toBeLessThanOrEqual(0.8);
    await visitor.close();
  });

  it('has Ghost work at most 1.3 times as long for the first view of a page with 20 images', async () => {
    const seconds = { jpeg: [] as number[], webp: [] as number[] };
    const ratio = () => Math.min(...seconds.webp) / Math.min(...seconds.jpeg);
    const LIMIT = 1.3;
    for (const format of ['jpeg', 'webp', 'webp', 'jpeg'] as const) {
      // Where something disturbed the first view, the second one counts.
      if (seconds.webp.length === 1 && ratio() <= LIMIT) break;
      const round = `${format}-${seconds[format].length}`;
      const urls: string[] = [];
      for (const [index, { bytes }] of photographs.entries()) {
        const path = `${blog.month}/cold-${round}-${index}.jpg`;
        const object = { Key: `content/images/${path}`, Body: bytes, ContentType: 'image/jpeg' };
        await blog.s3.client.send(new PutObjectCommand({ Bucket: blog.bucket, ...object }));
        urls.push(`${blog.cdn.url}/content/images/${path}`);
      }
      const post = await publish(round, urls);

      const before = await cpuSeconds(blog.ghost.pid);
      await (await fetch(post.url)).text();
      const answers = await Promise.all(
        urls.map((url) => {
          const path = pathOf(url).replace('/images/', '/images/size/w1000/');
          return blog.cdn.request(path, { accept: ACCEPT[format] });
        }),
      );
      seconds[format].push((await cpuSeconds(blog.ghost.pid)) - before);

      const types = answers.map(({ status, headers }) => `${status} ${headers['content-type']}`);
      expect(new Set(types)).toEqual(new Set([`200 image/${format}`]));
    }

    expect(ratio()).toBeLessThanOrEqual(LIMIT);
  });
});

/** Returns the processor time that a process has used with all of its threads, in seconds. */
async function cpuSeconds(pid: number): Promise<number> {
  // The name, in parentheses, can contain spaces. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)?.split(' ') ?? [];
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  const TICKS_PER_SECOND = 100;
  return (user + system) / TICKS_PER_SECOND;
}

it('never reveals where a photograph was taken, even if Ghost stores it as it is uploaded', async () => {
  const { install } = blog.ghost;
  const camera = await encodeJpeg(install, drawPhotograph(50, WIDTH, HEIGHT), 40);
  const start = Buffer.from([0xff, 0xd8]);
  const bytes = Buffer.concat([start, exifSegment(exif()), camera.subarray(start.length)]);
  expect(hasPlace(bytes)).toBe(true);

  const url = await blog.admin.uploadImage({ name: 'photograph-home.jpg', bytes, type: 'image/jpeg' });

  const shown = await blog.cdn.request(pathOf(url));
  const stored = await blog.s3.read(blog.bucket, pathOf(url).slice(1));
  expect(shown).toMatchObject({ status: 200, headers: { 'content-type': 'image/jpeg' } });
  expect(shown.body.equals(stored.bytes)).toBe(true);
  expect(shown.body.length).toBe(bytes.length);
  expect(hasPlace(shown.body)).toBe(false);
  expect((await decode(install, shown.body)).equals(await decode(install, bytes))).toBe(true);

  // The camera was turned by 90 degrees.
  const visitor = await visitors.arrive();
  const post = await publish('Home', [url]);
  // Below the post are those that were published before.
  const own = (await look(visitor, post.url)).filter((image) => image.url.includes('/photograph-home'));
  expect(own.length).toBeGreaterThan(0);
  for (const { naturalWidth, naturalHeight } of own) {
    expect(naturalWidth / naturalHeight).toBeCloseTo(HEIGHT / WIDTH, 2);
  }
  await visitor.page.goto(url);
  const turned = await visitor.page.evaluate('[document.images[0].naturalWidth, document.images[0].naturalHeight]');
  expect(turned).toEqual([HEIGHT, WIDTH]);
  await visitor.close();

  const original = pathOf(url).replace('.jpg', '_o.jpg');
  expect((await blog.s3.read(blog.bucket, original.slice(1))).bytes.equals(bytes)).toBe(true);
  expect((await blog.cdn.request(original)).status).toBe(404);
  const secret = { 'x-ghost-cdn-fallback-key': blog.fallbackSecret };
  expect((await fetch(blog.ghost.url + original, { headers: secret, redirect: 'manual' })).status).toBe(404);

  for (const format of ['jpeg', 'webp'] as const) {
    const path = pathOf(url).replace('/images/', '/images/size/w600/');
    const size = await blog.cdn.request(path, { accept: ACCEPT[format] });
    expect(size).toMatchObject({ status: 200, headers: { 'content-type': `image/${format}` } });
    expect(hasPlace(size.body)).toBe(false);
  }
});
