import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { logging } from '../../src/core/ghost-host';
import { CDN_URL, optionsFor } from '../support/adapter';
import { startBlogServer, type BlogServer } from '../support/blog-server';
import { digest, MIB } from '../support/bytes';
import { startInMemoryS3 } from '../support/in-memory-s3';
import { listen, stop } from '../support/local-server';
import { useBucket } from '../support/use-bucket';
import { waitUntil } from '../support/wait-until';

const SECRET = 'a-secret-of-more-than-thirty-two-characters';
const PICTURE = randomBytes(100_000);

const bucket = useBucket({ per: 'file' });
let blogs: BlogServer[] = [];

beforeAll(async () => {
  const adapter = bucket.createAdapter();
  await adapter.saveRaw(PICTURE, '2026/11/x.jpg');
  await adapter.saveRaw(Buffer.from('webp'), 'size/w600/format/webp/2026/11/x.jpg');
  await adapter.saveRaw(
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    '2026/11/drawing.svg',
  );
  await adapter.saveRaw(Buffer.from('ü'), '2026/11/%C3%BCber%20uns+1.jpg');
  await adapter.saveRaw(Buffer.alloc(0), '2026/11/empty.txt');
  for (const name of ['x_o.jpg', 'x_o.JPG', 'x_o.jpeg', 'size/w600/2026/11/x_o.jpg', 'x_o.b.jpg', 'x_o-1.jpg']) {
    await adapter.saveRaw(PICTURE, name.startsWith('size/') ? name : `2026/11/${name}`);
  }
});

afterEach(async () => {
  await Promise.all(blogs.map((blog) => blog.close()));
  blogs = [];
});

async function startBlog(options: Record<string, unknown> = {}, contentType?: string): Promise<BlogServer> {
  const blog = await startBlogServer(bucket.createAdapter(options), contentType);
  blogs.push(blog);
  return blog;
}

describe('a visitor who followed an old link', () => {
  test('is sent on to the CDN, and the browser remembers it for an hour', async () => {
    const blog = await startBlog();
    const answer = await blog.request('/2026/11/x.jpg');
    expect(answer).toMatchObject({
      status: 302,
      headers: { location: `${CDN_URL}/content/images/2026/11/x.jpg`, 'cache-control': 'private, max-age=3600' },
    });
  });

  test.each([
    ['/2026/11/x.jpg?v=1', '/content/images/2026/11/x.jpg'],
    ['//2026//11/x.jpg', '/content/images/2026/11/x.jpg'],
    ['/2026/11/%C3%BCber%20uns+1.jpg', '/content/images/2026/11/%C3%BCber%20uns%2B1.jpg'],
    ['//evil.example.com/x.jpg', '/content/images/evil.example.com/x.jpg'],
    ['/https://evil.example.com/x.jpg', '/content/images/https%3A/evil.example.com/x.jpg'],
    ['/content/images/2026/11/x.jpg', '/content/images/content/images/2026/11/x.jpg'],
  ])('%s redirects to the one URL of the file, on no other host', async (path, location) => {
    const blog = await startBlog();
    expect((await blog.request(path)).headers.location).toBe(`${CDN_URL}${location}`);
  });

  test.each([
    '/..%2f..%2fsecret',
    '/%2e%2e/x.jpg',
    '/x%00.jpg',
    '/',
    '',
    '/?v=1',
    '/..%5cx.jpg',
    `/${'x'.repeat(1100)}`,
    '/size/w600/1/content/images/2026/11/x.jpg',
  ])('who asks for %s gets a 404', async (path) => {
    const blog = await startBlog();
    for (const headers of [{}, { via: '1.1 cdn' }]) {
      expect(await blog.request(path, headers)).toMatchObject({
        status: 404,
        headers: { 'cache-control': 'public, max-age=60' },
      });
    }
    expect(blog.errors).toEqual([]);
  });
});

describe('the original of an image', () => {
  const streaming: [string, Record<string, unknown>, Record<string, string>][] = [
    ['the CDN', { cdnFallbackSecret: SECRET }, { 'x-ghost-cdn-fallback-key': SECRET }],
    ['the CDN, by its Via', {}, { via: '2.0 0a1b2c.cloudfront.net (CloudFront)' }],
    ['a visitor of a blog that sends files itself', { serve: 'stream' }, {}],
    ['a visitor of a site that is its own CDN', {}, { host: 'images.example.com' }],
  ];

  test.each(streaming)('is 404 for %s, in every spelling, as if there were none', async (_who, options, headers) => {
    const blog = await startBlog(options);
    for (const path of [
      '/2026/11/x_o.jpg',
      '/2026/11/x_o.JPG',
      '/2026/11/x_o.jpeg',
      '/2026/11/x_o.jpg?v=1',
      '/2026/11/x%5Fo.jpg',
      '/2026/11/x_o%2Ejpg',
      '//2026//11/./x_o.jpg/',
    ]) {
      for (const method of ['GET', 'HEAD']) {
        const absent = await blog.request('/2026/11/absent.jpg', headers, method);
        const answer = await blog.request(path, { ...headers, range: 'bytes=0-9' }, method);
        expect([path, method, answer.status]).toEqual([path, method, 404]);
        expect({ ...answer.headers, date: '' }).toEqual({ ...absent.headers, date: '' });
      }
    }
    expect(blog.errors).toEqual([]);
  });

  test('costs no request to S3 for a visitor who guesses its URL', async () => {
    // Nothing listens there.
    const blog = await startBlog({ serve: 'stream', endpoint: 'http://127.0.0.1:9' });
    expect((await blog.request('/2026/11/x_o.jpg')).status).toBe(404);
  });

  test('is left to the CDN where Ghost redirects, because it may be public there', async () => {
    const blog = await startBlog();
    expect(await blog.request('/2026/11/x_o.jpg')).toMatchObject({
      status: 302,
      headers: { location: `${CDN_URL}/content/images/2026/11/x_o.jpg` },
    });
  });

  test.each(['/2026/11/x.jpg', '/2026/11/x_o.b.jpg', '/2026/11/x_o-1.jpg', '/size/w600/2026/11/x_o.jpg'])(
    'does not keep the CDN from %s, which is none',
    async (path) => {
      const blog = await startBlog({ serve: 'stream' });
      expect(await blog.request(path)).toMatchObject({ status: 200, body: PICTURE });
    },
  );

  test('is a matter of images: a video may have any name', async () => {
    const options = { staticFileURLPrefix: 'content/media', serve: 'stream' };
    await bucket.createAdapter(options).saveRaw(PICTURE, '2026/11/clip_o.mp4');
    const blog = await startBlog(options);
    expect((await blog.request('/2026/11/clip_o.mp4')).status).toBe(200);
  });
});

describe('who gets the bytes', () => {
  test.each([
    ['the CDN that knows the secret', { 'x-ghost-cdn-fallback-key': SECRET }, 200],
    ['a CDN of version 1.0.0 that knows it', { 'x-ghost-cdn-fallback': SECRET }, 200],
    ['one that knows another secret', { 'x-ghost-cdn-fallback-key': `${SECRET}x` }, 302],
    ['one that sends an empty secret', { 'x-ghost-cdn-fallback-key': '' }, 302],
    ['CloudFront, by its Via', { via: '2.0 0a1b2c.cloudfront.net (CloudFront)' }, 200],
    ['CloudFront, by its user agent', { 'user-agent': 'Amazon CloudFront' }, 200],
    ['CloudFront, by its Via', { via: '2.0 0123456789abcdef.cloudfront.net (CloudFront)' }, 200],
    ['a visitor behind Caddy', { via: '1.1 Caddy' }, 302],
    ['a visitor behind Cloudflare', { 'cdn-loop': 'cloudflare', via: '1.1 cloudflare' }, 302],
    ['a visitor who pretends to be behind CloudFront', { via: '1.1 cloudfront.net.example' }, 302],
    ['a visitor', { 'user-agent': 'Mozilla/5.0' }, 302],
    ['a visitor of a site that is its own CDN', { host: 'images.example.com' }, 200],
    ['the same, behind a proxy', { 'x-forwarded-host': 'images.example.com' }, 200],
    ['the same, behind two proxies', { 'x-forwarded-host': 'images.example.com, localhost' }, 200],
    ['the same, with the port and in capitals', { host: 'Images.Example.com:443' }, 200],
    [
      'the same, when a proxy names another',
      { host: 'images.example.com', 'x-forwarded-host': 'origin.internal' },
      200,
    ],
    ['a visitor of another port', { host: 'images.example.com:8443' }, 302],
  ])('%s: %j answers %d', async (_, headers, status) => {
    const blog = await startBlog({ cdnFallbackSecret: SECRET });
    expect((await blog.request('/2026/11/x.jpg', headers)).status).toBe(status);
  });

  test.each([{ via: '1.1 Caddy' }, { 'cdn-loop': 'cloudflare' }])(
    'any CDN, when no secret is configured: a proxy that names itself may be one (%j)',
    async (headers) => {
      const blog = await startBlog();
      expect((await blog.request('/2026/11/x.jpg', headers)).status).toBe(200);
      expect((await blog.request('/2026/11/x.jpg', {})).status).toBe(302);
    },
  );

  test('no client that sends thousands of host names', async () => {
    const blog = await startBlog();
    const hosts = Array.from({ length: 2000 }, (_, index) => `h${index}`).join();
    expect((await blog.request('/2026/11/x.jpg', { 'x-forwarded-host': `${hosts},images.example.com` })).status).toBe(
      302,
    );
  });

  test.each(['GET', 'HEAD', 'POST'])(
    'and the secret is gone from the request before Ghost logs it: %s',
    async (method) => {
      for (const options of [{ cdnFallbackSecret: SECRET }, { serve: 'stream' }, { serve: 'redirect' }]) {
        const blog = await startBlog(options);
        for (const path of ['/2026/11/x.jpg', '/2026/11/missing.jpg', '/..%2fx']) {
          const names = ['X-Ghost-Cdn-Fallback-Key', 'X-Ghost-Cdn-Fallback'];
          const secrets = Object.fromEntries(names.map((name) => [name, SECRET]));
          await blog.request(path, { ...secrets, 'x-other': 'kept' }, method);
        }
        expect(blog.requests).toHaveLength(3);
        for (const { headers, rawHeaders, headersDistinct } of blog.requests) {
          expect(JSON.stringify([headers, rawHeaders, headersDistinct])).not.toContain(SECRET);
          expect(headers['x-other']).toBe('kept');
          expect(rawHeaders).toEqual(expect.arrayContaining(['x-other', 'kept']));
        }
      }
    },
  );

  test('no client that sends an empty secret when none is configured', async () => {
    const blog = await startBlog();
    expect((await blog.request('/2026/11/x.jpg', { 'x-ghost-cdn-fallback-key': '' })).status).toBe(302);
  });

  test('every client with serve: stream, and none with serve: redirect', async () => {
    const streaming = await startBlog({ serve: 'stream' });
    expect((await streaming.request('/2026/11/x.jpg')).status).toBe(200);
    const redirecting = await startBlog({ serve: 'redirect' });
    expect((await redirecting.request('/2026/11/x.jpg', { via: '1.1 cdn' })).status).toBe(302);
  });
});

describe('streaming', () => {
  let blog: BlogServer;

  beforeEach(async () => {
    blog = await startBlog({ serve: 'stream' });
  });

  test('sends the file with its type, length, validators and caching', async () => {
    const answer = await blog.request('/2026/11/x.jpg?v=1');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': '100000',
      'cache-control': 'public, max-age=31536000, immutable',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      'last-modified': expect.stringMatching(/GMT$/),
    });
    expect(digest(answer.body)).toBe(digest(PICTURE));
  });

  test('answers HEAD with the same headers and no body', async () => {
    const get = await blog.request('/2026/11/x.jpg');
    const head = await blog.request('/2026/11/x.jpg', {}, 'HEAD');
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    expect({ ...head.headers, date: 0 }).toEqual({ ...get.headers, date: 0 });
  });

  test('finds a file by its encoded name', async () => {
    expect((await blog.request('/2026/11/%C3%BCber%20uns+1.jpg')).body.toString()).toBe('ü');
  });

  test('sends an empty file', async () => {
    expect(await blog.request('/2026/11/empty.txt')).toMatchObject({ status: 200, headers: { 'content-length': '0' } });
  });

  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=10-19', 10, 20],
    ['bytes=99990-', 99_990, 100_000],
    ['bytes=-10', 99_990, 100_000],
    ['bytes=99990-200000', 99_990, 100_000],
  ])('sends the range %s', async (range, from, to) => {
    const answer = await blog.request('/2026/11/x.jpg', { range });
    expect(answer).toMatchObject({
      status: 206,
      headers: {
        'cache-control': 'public, max-age=31536000, immutable, no-transform',
        'content-range': `bytes ${from}-${to - 1}/100000`,
        'content-length': String(to - from),
      },
    });
    expect(answer.body.equals(PICTURE.subarray(from, to))).toBe(true);
  });

  test.each(['bytes=0-1,5-6', 'bytes=x-y', 'lines=1-2', 'bytes=', 'bytes=5-2', ''])(
    'answers the range %j with the whole file',
    async (range) => {
      const answer = await blog.request('/2026/11/x.jpg', { range });
      expect(answer.status).toBe(200);
      expect(answer.body).toHaveLength(100_000);
    },
  );

  test('refuses a range behind the end with the size', async () => {
    const answer = await blog.request('/2026/11/x.jpg', { range: 'bytes=100000-' });
    expect(answer.status).toBe(416);
    expect(answer.headers['content-range'] ?? 'bytes */100000').toBe('bytes */100000');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(blog.errors).toEqual([]);
  });

  test('answers 304 to a client that has it already', async () => {
    const { headers } = await blog.request('/2026/11/x.jpg');
    const unchanged = await blog.request('/2026/11/x.jpg', { 'if-none-match': headers.etag });
    expect(unchanged).toMatchObject({ status: 304, headers: { etag: headers.etag } });
    expect(unchanged.body).toHaveLength(0);
    expect((await blog.request('/2026/11/x.jpg', { 'if-modified-since': headers['last-modified'] })).status).toBe(304);
    expect((await blog.request('/2026/11/x.jpg', { 'if-none-match': headers.etag }, 'HEAD')).status).toBe(304);
    expect((await blog.request('/2026/11/x.jpg', { 'if-none-match': '"other"' })).status).toBe(200);
    expect((await blog.request('/2026/11/x.jpg', { 'if-modified-since': 'never' })).status).toBe(200);
    expect(
      (await blog.request('/2026/11/x.jpg', { 'if-modified-since': 'Thu, 01 Jan 2015 00:00:00 GMT' })).status,
    ).toBe(200);
  });

  test('answers 304 also to a weak tag, to a list and to *, as caches and proxies send them', async () => {
    const { headers } = await blog.request('/2026/11/x.jpg');
    for (const tags of [`W/${headers.etag}`, `"other", ${headers.etag}`, `"other", W/${headers.etag}`, '*']) {
      expect((await blog.request('/2026/11/x.jpg', { 'if-none-match': tags })).status).toBe(304);
    }
  });

  test('sends the range of a file that is unchanged, and the whole of one that is not', async () => {
    const { headers } = await blog.request('/2026/11/x.jpg');
    const range = 'bytes=10-19';
    expect((await blog.request('/2026/11/x.jpg', { range, 'if-range': headers.etag })).status).toBe(206);
    expect((await blog.request('/2026/11/x.jpg', { range, 'if-range': '"other"' })).status).toBe(200);
    expect((await blog.request('/2026/11/x.jpg', { range, 'if-range': `W/${headers.etag}` })).status).toBe(200);
    expect((await blog.request('/2026/11/x.jpg', { range, 'if-range': 'Thu, 01 Jan 2015 00:00:00 GMT' })).status).toBe(
      200,
    );
    expect((await blog.request('/2026/11/x.jpg', { range, 'if-range': '"other"' })).body).toHaveLength(100_000);
  });

  test('keeps the type that Ghost names for what it converted', async () => {
    const converting = await startBlog({ serve: 'stream' }, 'image/webp');
    expect((await converting.request('/2026/11/x.jpg')).headers['content-type']).toBe('image/webp');
    expect((await blog.request('/size/w600/format/webp/2026/11/x.jpg')).headers['content-type']).toBe('image/webp');
  });

  test('lets an SVG run no script', async () => {
    const { headers } = await blog.request('/2026/11/drawing.svg');
    expect(headers).toMatchObject({
      'content-type': 'image/svg+xml',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
      'x-content-type-options': 'nosniff',
    });
  });

  test.each(['text/html', 'application/xhtml+xml', 'application/xml', 'text/xml; charset=utf-8'])(
    'lets a %s that somebody else put there run no script',
    async (type) => {
      await bucket.put('content/images/foreign', 'x', { ContentType: type });
      const { headers } = await blog.request('/foreign');
      expect(headers['content-security-policy']).toContain('sandbox');
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    },
  );

  test('answers 404 for a minute for what is not there, with or without conditions', async () => {
    for (const headers of [{}, { range: 'bytes=0-1' }, { 'if-none-match': '"x"' }]) {
      expect(await blog.request('/2026/11/missing.jpg', headers)).toMatchObject({
        status: 404,
        headers: {
          'cache-control': 'public, max-age=60',
          'content-type': 'text/plain; charset=utf-8',
          'x-content-type-options': 'nosniff',
        },
      });
    }
    expect((await blog.request('/2026/11/missing.jpg', {}, 'HEAD')).status).toBe(404);
  });

  test('sends a download with its name and its encoding', async () => {
    await bucket.put('content/images/report.pdf', 'x', {
      ContentDisposition: 'inline; filename="The report.pdf"',
      ContentEncoding: 'gzip',
    });
    expect((await blog.request('/report.pdf')).headers).toMatchObject({
      'content-disposition': 'inline; filename="The report.pdf"',
      'content-encoding': 'gzip',
    });
  });

  test.each(['"é"', '"a\tb"', '"a" "b"'])(
    'sends the file to a client that names the impossible tag %j',
    async (tag) => {
      const range = 'bytes=0-9';
      const tags = { 'if-none-match': Buffer.from(tag).toString('latin1') };
      expect((await blog.request('/2026/11/x.jpg', tags)).status).toBe(200);
      expect((await blog.request('/2026/11/x.jpg', { range, 'if-range': tags['if-none-match'] })).status).toBe(200);
      expect(blog.errors).toEqual([]);
    },
  );

  test('leaves other methods to Ghost', async () => {
    expect((await blog.request('/2026/11/x.jpg', {}, 'POST')).body.toString()).toBe('next handler');
  });

  test('tells visitors nothing of the bucket and its credentials when S3 refuses, and the log everything once', async () => {
    const log = jest.spyOn(logging, 'error').mockImplementation();
    const refused = await startBlog({ serve: 'stream', secretAccessKey: 'wrong' });
    for (const method of ['GET', 'HEAD', 'GET', 'GET']) {
      const answer = await refused.request('/2026/11/x.jpg', {}, method);
      expect(answer).toMatchObject({
        status: 502,
        headers: { 'cache-control': 'no-store', 'content-type': 'text/plain; charset=utf-8' },
      });
      expect(answer.body.toString()).toBe(method === 'HEAD' ? '' : 'This file cannot be delivered at the moment.\n');
    }
    expect(refused.errors).toEqual([]);
    expect(log.mock.calls).toEqual([
      [expect.stringMatching(/secret access key does not belong.*Correct "secretAccessKey"/)],
    ]);
    log.mockRestore();
  });

  // What could not be part of a signed request: every byte of the header comes from the visitor.
  test.each([
    ['bytes=0-1\u00a0', 200],
    ['bytes=0-1\u0085', 200],
    ['bytes=0-\u0661', 200],
    ['bytes=0-1;x', 200],
    ['bytes=0-1,5-6', 200],
    ['bytes=1e1-20', 200],
    ['bytes=0x0-0x5', 200],
    ['bytes=5-1', 200],
    ['bytes=-', 200],
    [`bytes=${'9'.repeat(400)}-`, 200],
    ['bytes=\t0-1 ', 206],
    ['Bytes=0-1', 206],
    ['bytes=00000-0001', 206],
    ['bytes=-2', 206],
    ['bytes=0-', 206],
  ])('answers the range %j with %d', async (range, status) => {
    const log = jest.spyOn(logging, 'error').mockImplementation();
    expect(
      (await blog.request('/2026/11/x.jpg', { range: Buffer.from(range, 'latin1').toString('latin1') })).status,
    ).toBe(status);
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });
});

describe('clients that leave', () => {
  test('end the request to S3: no connection stays open', async () => {
    const own = await startInMemoryS3({ bandwidthBytesPerSecond: 4 * MIB });
    own.createBucket('leaving');
    const adapter = new S3CloudFrontStorage(optionsFor(own, 'leaving', { serve: 'stream' }));
    own.objects('leaving');
    await adapter.saveRaw(Buffer.alloc(2 * MIB), 'x.mp4');
    const blog = await startBlogServer(adapter);
    try {
      const leaving = Array.from({ length: 20 }, () => {
        const request = http.get({ host: '127.0.0.1', port: blog.port, path: '/content/images/x.mp4', agent: false });
        request.on('error', () => undefined);
        request.once('response', (response) => response.once('data', () => request.destroy()));
        return new Promise((resolve) => request.once('close', resolve));
      });
      const before = Array.from({ length: 5 }, () => {
        const request = http.get({ host: '127.0.0.1', port: blog.port, path: '/content/images/x.mp4', agent: false });
        request.on('error', () => undefined);
        setTimeout(() => request.destroy(), 2);
        return new Promise((resolve) => request.once('close', resolve));
      });
      await Promise.all([...leaving, ...before]);
      await waitUntil(() => own.openConnections() <= 1);
      expect(blog.errors).toEqual([]);
      expect((await blog.request('/x.mp4', { range: 'bytes=0-9' })).status).toBe(206);
    } finally {
      await blog.close();
      await own.close();
    }
  });

  test('end all of their requests, also those that wait for the response to the first one', async () => {
    const own = await startInMemoryS3({ bandwidthBytesPerSecond: 4 * MIB });
    own.createBucket('pipelining');
    const adapter = new S3CloudFrontStorage(optionsFor(own, 'pipelining', { serve: 'stream' }));
    await adapter.saveRaw(Buffer.alloc(2 * MIB), 'x.mp4');
    const blog = await startBlogServer(adapter);
    try {
      const client = net.connect(blog.port, '127.0.0.1');
      client.write('GET /content/images/x.mp4 HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(5));
      client.on('data', () => undefined);
      await waitUntil(() => own.openConnections() >= 5);
      client.destroy();
      await waitUntil(() => own.openConnections() <= 1);
    } finally {
      await blog.close();
      await own.close();
    }
  });

  test.each(['GET', 'HEAD'])('end the %s to an S3 that does not answer', async (method) => {
    const own = await startInMemoryS3();
    own.createBucket('silent-bucket');
    own.injectFault({ times: Infinity, kind: 'stall' });
    const blog = await startBlogServer(new S3CloudFrontStorage(optionsFor(own, 'silent-bucket', { serve: 'stream' })));
    try {
      const request = http.request({
        host: '127.0.0.1',
        port: blog.port,
        path: '/content/images/x.mp4',
        method,
        agent: false,
      });
      request.on('error', () => undefined);
      request.end();
      await waitUntil(() => own.openConnections() === 1);
      request.destroy();
      await waitUntil(() => own.openConnections() === 0);
      expect(blog.errors).toEqual([]);
    } finally {
      await blog.close();
      await own.close();
    }
  });

  test('for a while and come back get the rest: a visitor may pause for longer than S3 may be silent', async () => {
    const own = await startInMemoryS3();
    own.createBucket('paused-bucket');
    await new S3CloudFrontStorage(optionsFor(own, 'paused-bucket')).saveRaw(Buffer.alloc(40 * MIB, 7), 'x.mp4');
    const options = { serve: 'stream', requestTimeoutMs: 3_000 };
    const blog = await startBlogServer(new S3CloudFrontStorage(optionsFor(own, 'paused-bucket', options)));
    try {
      const bytes = await new Promise<number>((resolve, reject) => {
        http.get({ host: '127.0.0.1', port: blog.port, path: '/content/images/x.mp4', agent: false }, (response) => {
          let received = 0;
          response.on('data', (chunk: Buffer) => {
            if (received === 0) {
              response.pause();
              setTimeout(() => response.resume(), 7_000);
            }
            received += chunk.byteLength;
          });
          response.once('end', () => resolve(received));
          response.once('error', reject);
        });
      });
      expect(bytes).toBe(40 * MIB);
    } finally {
      await blog.close();
      await own.close();
    }
  });

  test('an S3 that does not answer is given up after requestTimeoutMs, and the log says so', async () => {
    const log = jest.spyOn(logging, 'error').mockImplementation();
    const own = await startInMemoryS3();
    own.createBucket('mute-bucket');
    own.injectFault({ times: Infinity, kind: 'stall' });
    const options = { serve: 'stream', requestTimeoutMs: 200, maxAttempts: 1 };
    const blog = await startBlogServer(new S3CloudFrontStorage(optionsFor(own, 'mute-bucket', options)));
    try {
      expect(await blog.request('/x.mp4')).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
      expect(log.mock.calls).toEqual([[expect.stringMatching(/S3 cannot be reached \((TimeoutError|ETIMEDOUT)\)/)]]);
    } finally {
      await blog.close();
      await own.close();
    }
  });

  test.each(['GET', 'HEAD', 'size'])(
    'an S3 that throttles everything keeps no visitor for minutes: %s',
    async (what) => {
      jest.spyOn(logging, 'error').mockImplementation();
      const own = await startInMemoryS3();
      own.createBucket('busy-bucket');
      own.injectFault({ times: Infinity, kind: { status: 503, code: 'SlowDown' } });
      const adapter = new S3CloudFrontStorage(optionsFor(own, 'busy-bucket', { serve: 'stream', maxAttempts: 2 }));
      const blog = await startBlogServer(adapter);
      const visit = (path: string) =>
        what === 'size' ? adapter.exists(`/size/w600${path}`).catch(() => 'failed') : blog.request(path, {}, what);
      try {
        const answers = await Promise.all(['/1.jpg', '/2.jpg', '/3.jpg'].map(visit));
        const failed = what === 'size' ? 'failed' : (expect.objectContaining({ status: 502 }) as unknown);
        expect(answers).toEqual([failed, failed, failed]);
        const asked = own.requests.filter(
          ({ operation }) => operation === (what === 'GET' ? 'GetObject' : 'HeadObject'),
        );
        expect(asked).toHaveLength(3 * 2);
      } finally {
        await blog.close();
        await own.close();
      }
    },
  );

  test('an S3 that falls silent in the middle of a file ends the connection after requestTimeoutMs', async () => {
    const silent = http.createServer((_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('half');
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const options = { endpoint: `http://127.0.0.1:${port}`, serve: 'stream', requestTimeoutMs: 3_000 };
    const blog = await startBlogServer(bucket.createAdapter(options));
    try {
      await expect(blog.request('/x.mp4')).rejects.toMatchObject({ code: 'ECONNRESET' });
    } finally {
      await blog.close();
      silent.closeAllConnections();
      silent.close();
    }
  });

  test('an S3 that sends a byte now and then does not keep a visitor for ever', async () => {
    const trickling = http.createServer((_, response) => {
      response.writeHead(200, { 'content-length': 1_000_000, etag: '"x"', 'x-amz-request-id': 'x' });
      const timer = setInterval(() => response.write('x'), 50);
      response.once('close', () => clearInterval(timer));
    });
    const port = await listen(trickling);
    const options = { endpoint: `http://127.0.0.1:${port}`, serve: 'stream', requestTimeoutMs: 3_000 };
    const blog = await startBlogServer(bucket.createAdapter(options));
    try {
      await expect(blog.request('/x.mp4')).rejects.toMatchObject({ code: 'ECONNRESET' });
    } finally {
      await blog.close();
      await stop(trickling);
    }
  });

  test('a file of which S3 breaks off ends the connection: it is never taken for whole', async () => {
    const own = await startInMemoryS3();
    own.createBucket('breaking');
    const adapter = new S3CloudFrontStorage(optionsFor(own, 'breaking', { serve: 'stream', maxAttempts: 1 }));
    await adapter.saveRaw(Buffer.alloc(MIB), 'x.mp4');
    own.injectFault({ operation: 'GetObject', kind: 'truncate-body' });
    const blog = await startBlogServer(adapter);
    try {
      await expect(blog.request('/x.mp4')).rejects.toMatchObject({ code: 'ECONNRESET' });
    } finally {
      await blog.close();
      await own.close();
    }
  });
});
