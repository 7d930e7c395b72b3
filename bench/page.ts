import { randomBytes } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import type { Request } from 'playwright-core';
import type { AdminApi } from '../test/support/ghost/admin-api';
import type { GhostInstall } from '../test/support/ghost/install';
import { encodeJpeg } from '../test/support/ghost/sharp';
import { startInMemoryS3 } from '../test/support/in-memory-s3';
import { drawPhotograph } from '../test/support/photographs';
import { startTlsCdn } from '../test/support/tls-cdn';
import { openDoorsTo, type Visitor } from '../test/support/tls-cdn/visitors';
import type { Benchmark } from './support/benchmark';
import { startBlog } from './support/blog';
import { publish, type Row } from './support/results';
import type { AdapterName } from './support/storages';

const NAMES: AdapterName[] = ['S3CloudFrontStorage', "Ghost's S3Storage", 'ghos3', 'ghost-storage-adapter-s3'];
const PHOTOGRAPHS = 20;
/** In pixels; a width of which Ghost makes no size. */
const [WIDTH, HEIGHT] = [1680, 1120];
const CAMERA_QUALITY = 88;
/** Images of the page that are cards of their own; the others are in a gallery. */
const CARDS = 11;
const BUCKET = 'bench-page';

/**
 * Measures the bytes of the images of a page with 20 photographs, as Chromium gets them on a desktop: in a real Ghost with
 * the theme Source, on a CDN in front of the bucket. The CDN of this adapter is the one that `provision` creates; that of
 * the others only sends what is in the bucket, as theirs is not part of them.
 */
export const page: Benchmark = async ({ ghost }) => {
  const photographs: Buffer[] = [];
  for (let seed = 1; seed <= PHOTOGRAPHS; seed += 1) {
    photographs.push(await encodeJpeg(ghost, drawPhotograph(seed, WIDTH, HEIGHT), CAMERA_QUALITY));
  }
  const rows: Row[] = [];
  for (const name of NAMES) {
    rows.push({ name, values: await measure(name, ghost, photographs) });
  }
  const title = `The images of a page with ${PHOTOGRAPHS} photographs, as a browser gets them`;
  publish({ id: 'page', title, rows, compared: 'KB', moreIsBetter: false }, ghost.version);
};

async function measure(name: AdapterName, install: GhostInstall, photographs: Buffer[]): Promise<Row['values']> {
  const isOurs = name === 'S3CloudFrontStorage';
  const s3 = await startInMemoryS3({ region: 'eu-central-1' });
  const { endpoint, region, credentials } = s3;
  s3.createBucket(BUCKET, { objectOwnership: 'ObjectWriter' });
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const cdn = await startTlsCdn({ s3: { endpoint, client }, bucket: BUCKET, formats: isOurs ? undefined : 'none' });
  const visitors = await openDoorsTo(cdn);
  const cdnFallbackSecret = randomBytes(24).toString('hex');
  const blog = await startBlog(
    name,
    install,
    { bucket: BUCKET, endpoint, region, ...credentials },
    {
      cdnUrl: cdn.url,
      cdnFallbackSecret,
      env: cdn.ghostEnvironment,
    },
  );
  try {
    if (isOurs) {
      await cdn.setGhost({ url: blog.ghost.url, fallbackSecret: cdnFallbackSecret });
    }
    const url = await publishPage(blog.admin, photographs);
    return await look(await visitors.arrive(), url);
  } finally {
    await visitors.close();
    await blog.stop();
    await cdn.close();
    client.destroy();
    await s3.close();
  }
}

/** Publishes a post with the first photograph on top, and below it all as cards of several widths and a gallery. */
async function publishPage(admin: AdminApi, photographs: Buffer[]): Promise<string> {
  const urls: string[] = [];
  for (const [index, bytes] of photographs.entries()) {
    urls.push(await admin.uploadImage({ name: `photograph-${index}.jpg`, bytes, type: 'image/jpeg' }));
  }
  const size = { width: WIDTH, height: HEIGHT };
  const cards = urls.slice(0, CARDS).map((src, index) => {
    const cardWidth = index % 4 === 3 ? 'wide' : 'regular';
    return { type: 'image', version: 1, src, ...size, cardWidth };
  });
  const images = urls.slice(CARDS).map((src, index) => {
    return { src, fileName: src.split('/').at(-1), ...size, row: Math.floor(index / 3) };
  });
  const children = [...cards, { type: 'gallery', version: 1, images }];
  const root = { type: 'root', version: 1, format: '', indent: 0, direction: null, children };
  const lexical = JSON.stringify({ root });
  const post = { title: 'Twenty photographs', lexical, feature_image: urls[0], status: 'published' };
  return (await admin.createPost(post)).url;
}

/** Opens a page, scrolls through it, and adds up what the browser got for its photographs. */
async function look({ page: tab }: Visitor, url: string): Promise<Row['values']> {
  const received: Promise<{ bytes: number; isWebp: boolean }>[] = [];
  tab.on('requestfinished', (request) => {
    if (new URL(request.url()).pathname.includes('/photograph-')) {
      received.push(receivedBy(request));
    }
  });
  await tab.goto(url);
  const { all, shown } = await tab.evaluate<{ all: number; shown: number }>(`(async () => {
    const images = [...document.querySelectorAll('img[src*="/photograph-"]')].filter((image) => image.checkVisibility());
    for (const image of images) {
      image.scrollIntoView();
      // Rejects for an image that does not exist.
      await image.decode().catch(() => {});
    }
    return { all: images.length, shown: images.filter((image) => image.naturalWidth > 0).length };
  })()`);
  const files = await Promise.all(received);
  return {
    KB: shown > 0 ? files.reduce((sum, { bytes }) => sum + bytes, 0) / 1000 : undefined,
    'images on the page': all,
    'images shown': shown,
    'files as WebP': files.filter(({ isWebp }) => isWebp).length,
  };
}

async function receivedBy(request: Request): Promise<{ bytes: number; isWebp: boolean }> {
  const { responseBodySize } = await request.sizes();
  const response = await request.response();
  const isFound = response?.ok() ?? false;
  return { bytes: isFound ? responseBodySize : 0, isWebp: response?.headers()['content-type'] === 'image/webp' };
}
