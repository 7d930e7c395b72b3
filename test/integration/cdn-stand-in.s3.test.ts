import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { type CdnStandIn, startCdnStandIn } from '../support/cdn-stand-in';
import { send } from '../support/http-client';
import { listen, stop } from '../support/local-server';
import { useBucket } from '../support/use-bucket';

const SECRET = 'a-secret-of-at-least-thirty-two-characters';
const IMMUTABLE = 'public, max-age=31536000, immutable';

const bucket = useBucket({ per: 'file' });
let cdn: CdnStandIn;
let ghost: Server;
let ghostUrl: string;
let ghostReply: { status: number; headers: Record<string, string>; body: string };
const ghostRequests: { method?: string; url?: string; headers: IncomingHttpHeaders }[] = [];

beforeAll(async () => {
  ghost = createServer(({ method, url, headers }, response) => {
    ghostRequests.push({ method, url, headers });
    response.writeHead(ghostReply.status, ghostReply.headers).end(ghostReply.body);
  });
  ghostUrl = `http://127.0.0.1:${await listen(ghost)}`;
});

beforeEach(async () => {
  ghostReply = {
    status: 200,
    headers: { 'content-type': 'image/jpeg', 'cache-control': IMMUTABLE, 'set-cookie': 'ghost=1' },
    body: 'resized',
  };
  ghostRequests.length = 0;
  const { endpoint, region, credentials } = bucket.server;
  cdn = await startCdnStandIn({
    s3: { endpoint, region, credentials, bucket: bucket.name },
    ghost: { url: `${ghostUrl}/blog/`, fallbackSecret: SECRET },
  });
});

afterEach(() => cdn.close());

afterAll(() => stop(ghost));

/** Asks for a path as it is written, as a browser that knows the domain would. */
async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { host, port } = new URL(cdn.url);
  const answer = await send({ host: '127.0.0.1', port, path, method, headers: { host, ...headers } });
  return { ...answer, body: answer.body.toString() };
}

describe('the bucket behind the domain', () => {
  test('gives an object with its type, its caching and the headers of the distribution', async () => {
    await bucket.put('content/images/2026/11/a.jpg', 'picture', { ContentType: 'image/jpeg', CacheControl: IMMUTABLE });
    const { status, headers, body } = await ask('/content/images/2026/11/a.jpg');
    expect({ status, body }).toEqual({ status: 200, body: 'picture' });
    expect(headers).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': '7',
      'cache-control': IMMUTABLE,
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
      'x-cache': 'Miss from cloudfront',
    });
  });

  test('lets every page read an answer, and an error where the page says who it is', async () => {
    await bucket.put('content/images/a.jpg', 'picture');
    const allowedFor = async (path: string, headers = {}) =>
      (await ask(path, headers)).headers['access-control-allow-origin'];
    const origin = 'https://blog.example.com';
    expect(await allowedFor('/content/images/a.jpg')).toBe('*');
    expect(await allowedFor('/content/images/a.jpg', { origin })).toBe('*');
    expect(await allowedFor('/content/images/absent.jpg')).toBeUndefined();
    expect(await allowedFor('/content/images/absent.jpg', { origin })).toBe('*');
  });

  test('is asked once for what may be kept, whatever the query string', async () => {
    await bucket.put('content/images/kept.jpg', 'picture', { ContentType: 'image/jpeg', CacheControl: IMMUTABLE });
    await ask('/content/images/kept.jpg?v=1');
    const second = await ask('/content/images/kept.jpg?v=2');
    expect(second.headers['x-cache']).toBe('Hit from cloudfront');
    expect(second.body).toBe('picture');
    const common = { method: 'GET', path: '/content/images/kept.jpg', status: 200, contentType: 'image/jpeg' };
    expect(cdn.requests).toEqual([
      { ...common, cache: 'miss', origin: 's3' },
      { ...common, cache: 'hit', origin: 'none' },
    ]);
  });

  test('finds a file with a plus sign in its name, in both spellings, and keeps it once', async () => {
    await bucket.put('content/images/a+b.jpg', 'plus', { ContentType: 'image/jpeg', CacheControl: IMMUTABLE });
    await bucket.put('content/images/a b.jpg', 'space', { ContentType: 'image/jpeg', CacheControl: IMMUTABLE });
    expect((await ask('/content/images/a+b.jpg')).body).toBe('plus');
    const second = await ask('/content/images/a%2Bb.jpg');
    expect([second.body, second.headers['x-cache']]).toEqual(['plus', 'Hit from cloudfront']);
    expect((await ask('/content/images/a%20b.jpg')).body).toBe('space');
  });

  test('keeps the originals of images to itself, also of one of several blogs, unless they are public', async () => {
    const paths = ['/content/images/2026/11/x_o.jpg', '/blog-7/content/images/2026/11/x_o.JPEG'];
    const others = [
      '/content/images/2026/11/x_o-1.jpg',
      '/content/images/thumbnail/x_o.jpg',
      '/content/media/2026/11/x_o.mp4',
    ];
    for (const path of [...paths, ...others]) await bucket.put(path.slice(1), 'bytes');
    // The function answers for the blog's own. The bucket denies them in every spelling, and those of other blogs.
    for (const path of [paths[0] ?? '', '/content/images/2026/11/absent_o.jpg']) {
      expect((await ask(path)).status).toBe(404);
    }
    for (const path of [paths[1] ?? '', paths[0]?.replace('_o', '%5Fo') ?? '']) {
      expect((await ask(path)).status).toBe(403);
    }
    for (const path of others) expect((await ask(path)).status).toBe(200);
    const { endpoint, region, credentials } = bucket.server;
    const s3 = { endpoint, region, credentials, bucket: bucket.name };
    await cdn.close();
    cdn = await startCdnStandIn({ s3, publicOriginals: true });
    for (const path of paths) expect((await ask(path)).body).toBe('bytes');
  });

  test('gives sizes as WebP to browsers that accept it, if there is a Ghost to make them', async () => {
    const [plain, webp] = [
      '/content/images/size/w600/2026/11/x.jpg',
      '/content/images/size/w600/format/webp/2026/11/x.jpg',
    ];
    await bucket.put(plain.slice(1), 'jpeg');
    await bucket.put(webp.slice(1), 'webp');
    const accept = 'image/avif,image/webp,image/apng,*/*;q=0.8';
    cdn.setGhost(undefined);
    expect((await ask(plain, { accept })).body).toBe('jpeg');
    cdn.setGhost({ url: 'http://127.0.0.1:1', fallbackSecret: 'x' });
    expect((await ask(plain, { accept })).body).toBe('webp');
    expect((await ask(plain)).body).toBe('jpeg');
    expect((await ask(plain, { accept })).headers['x-cache']).toBe('Hit from cloudfront');
    expect(cdn.requests.map(({ originPath }) => originPath)).toEqual([undefined, webp, undefined, webp]);
  });

  test('is asked once by viewers who come at the same time', async () => {
    await bucket.put('content/images/crowd.jpg', 'picture');
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('/content/images/crowd.jpg')));
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 10 }, () => 'picture'));
    expect(cdn.requests.filter(({ origin }) => origin === 's3')).toHaveLength(1);
  });

  test('keeps what says nothing of caching, until the cache is cleared', async () => {
    await bucket.put('content/images/plain.jpg', 'old');
    await ask('/content/images/plain.jpg');
    await bucket.put('content/images/plain.jpg', 'new');
    expect((await ask('/content/images/plain.jpg')).body).toBe('old');
    cdn.clearCache();
    expect((await ask('/content/images/plain.jpg')).body).toBe('new');
  });

  test('is asked again when the time is over', async () => {
    await bucket.put('content/images/short.jpg', 'old', { CacheControl: 'max-age=1' });
    await ask('/content/images/short.jpg');
    await bucket.put('content/images/short.jpg', 'new');
    await sleep(1100);
    expect((await ask('/content/images/short.jpg')).body).toBe('new');
  });

  test('stays 404 for a while after the object came', async () => {
    expect((await ask('/content/images/late.jpg')).status).toBe(404);
    await bucket.put('content/images/late.jpg', 'picture');
    const again = await ask('/content/images/late.jpg');
    expect(again.status).toBe(404);
    expect(again.headers['x-cache']).toBe('Error from cloudfront');
    expect(cdn.requests.map(({ cache }) => cache)).toEqual(['miss', 'hit']);
  });

  test.each([
    ['unicode', 'content/images/grün 写真 😀.jpg', '/content/images/gr%C3%BCn%20%E5%86%99%E7%9C%9F%20%F0%9F%98%80.jpg'],
    ['a plus', 'content/images/a+b.jpg', '/content/images/a+b.jpg'],
    ['an encoded plus', 'content/images/a+c.jpg', '/content/images/a%2Bc.jpg'],
    ['a percent sign', 'content/images/100%25.jpg', '/content/images/100%2525.jpg'],
  ])('finds a key with %s', async (_, key, path) => {
    await bucket.put(key, key);
    expect((await ask(path)).body).toBe(key);
  });

  test('is not listed at the root', async () => {
    expect((await ask('/')).status).toBe(404);
    expect((await ask('/?list-type=2')).status).toBe(404);
  });

  test('does not fall over a path that is not percent-encoded', async () => {
    expect((await ask('/content/images/%ff.jpg')).status).toBe(400);
  });
});

describe('a viewer', () => {
  beforeEach(() =>
    bucket.put('content/media/clip.mp4', '0123456789', { ContentType: 'video/mp4', CacheControl: IMMUTABLE }),
  );

  test('seeks with ranges, from the first request on', async () => {
    for (const cache of ['Miss', 'Hit']) {
      const { status, headers, body } = await ask('/content/media/clip.mp4', { range: 'bytes=2-4' });
      expect({ status, body }).toEqual({ status: 206, body: '234' });
      expect(headers).toMatchObject({
        'content-range': 'bytes 2-4/10',
        'content-length': '3',
        'x-cache': `${cache} from cloudfront`,
      });
    }
    const behind = await ask('/content/media/clip.mp4', { range: 'bytes=10-' });
    expect(behind.status).toBe(416);
    expect(behind.headers['content-range']).toBe('bytes */10');
  });

  test('gets the whole when the version it has a part of is gone', async () => {
    const { status, body } = await ask('/content/media/clip.mp4', { range: 'bytes=2-4', 'if-range': '"other"' });
    expect({ status, body }).toEqual({ status: 200, body: '0123456789' });
  });

  test('gets 304 for what it has', async () => {
    const { headers } = await ask('/content/media/clip.mp4');
    const { etag = '', 'last-modified': modified = '' } = headers;
    expect((await ask('/content/media/clip.mp4', { 'if-none-match': etag })).status).toBe(304);
    expect((await ask('/content/media/clip.mp4', { 'if-modified-since': modified })).status).toBe(304);
    expect((await ask('/content/media/clip.mp4', { 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('asks with HEAD and gets the length without the bytes', async () => {
    const { status, headers, body } = await ask('/content/media/clip.mp4', {}, 'HEAD');
    expect({ status, body }).toEqual({ status: 200, body: '' });
    expect(headers).toMatchObject({ 'content-length': '10', 'content-type': 'video/mp4' });
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('may not %s', async (method) => {
    expect((await ask('/content/media/clip.mp4', {}, method)).status).toBe(403);
    expect(cdn.requests).toMatchObject([{ method, status: 403, origin: 'none' }]);
    expect((await bucket.read('content/media/clip.mp4')).bytes.toString()).toBe('0123456789');
  });
});

describe('a size the bucket does not have', () => {
  const path = '/content/images/size/w600/2026/11/a%20b.jpg';

  test('comes from Ghost, once', async () => {
    const first = await ask(`${path}?v=1`);
    expect(first).toMatchObject({ status: 200, body: 'resized', headers: { 'content-type': 'image/jpeg' } });
    expect(first.headers['set-cookie']).toBeUndefined();
    expect((await ask(path)).body).toBe('resized');
    expect(cdn.requests.map(({ origin }) => origin)).toEqual(['ghost', 'none']);
    expect(ghostRequests).toHaveLength(1);
  });

  test('is asked of Ghost as CloudFront asks: with the secret, as itself, below the path of the blog', async () => {
    await ask(path, { 'user-agent': 'A browser', cookie: 'a=b' });
    expect(ghostRequests).toMatchObject([
      {
        method: 'GET',
        url: `/blog${path}`,
        headers: {
          host: new URL(ghostUrl).host,
          'x-ghost-cdn-fallback-key': SECRET,
          via: '1.1 x.cloudfront.net (CloudFront)',
          'user-agent': 'Amazon CloudFront',
        },
      },
    ]);
    expect(ghostRequests[0]?.headers.cookie).toBeUndefined();
  });

  test('is not asked of Ghost when the bucket has it', async () => {
    const stored = 'content/images/size/w600/stored.jpg';
    await bucket.put(stored, 'stored');
    expect((await ask(`/${stored}`)).body).toBe('stored');
    expect(ghostRequests).toEqual([]);
    await bucket.server.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: stored }));
  });

  test('is a redirect when Ghost redirects, kept and not followed', async () => {
    ghostReply = { status: 302, headers: { location: '/content/images/2026/11/a.jpg' }, body: '' };
    for (const cache of ['miss', 'hit'] as const) {
      const { status, headers } = await ask(path);
      expect({ status, location: headers.location }).toEqual({
        status: 302,
        location: '/content/images/2026/11/a.jpg',
      });
      expect(cdn.requests.at(-1)).toMatchObject({ status: 302, cache, location: '/content/images/2026/11/a.jpg' });
    }
    expect(ghostRequests).toHaveLength(1);
  });

  test('is 404 when Ghost has it not, and kept so for a while', async () => {
    ghostReply = { status: 404, headers: { 'cache-control': 'max-age=0' }, body: 'Not found' };
    expect((await ask(path)).status).toBe(404);
    expect((await ask(path)).status).toBe(404);
    expect(ghostRequests).toHaveLength(1);
  });

  test('is 502 when no server listens at Ghost’s address', async () => {
    cdn.setGhost({ url: 'http://127.0.0.1:1', fallbackSecret: SECRET });
    expect((await ask(path)).status).toBe(502);
  });

  test('is 404 without a Ghost', async () => {
    cdn.setGhost(undefined);
    expect((await ask(path)).status).toBe(404);
    expect(ghostRequests).toEqual([]);
  });
});

test('an original the bucket does not have is not asked of Ghost', async () => {
  expect((await ask('/content/images/2026/11/absent.jpg')).status).toBe(404);
  expect((await ask('/content/media/size/absent.mp4')).status).toBe(404);
  expect(ghostRequests).toEqual([]);
});
