import { randomBytes } from 'node:crypto';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { Kept } from '../../src/adapter/kept';
import { Bucket } from '../../src/core/s3/bucket';
import { OpenedFile } from '../../src/core/s3/opened-file';
import { createAdapter, createUploadFolder, type UploadFolder } from '../support/adapter';
import { startBlogServer, type BlogServer } from '../support/blog-server';
import { startInMemoryS3, type InMemoryS3, type RecordedRequest } from '../support/in-memory-s3';

// What the first visitor who sees an image in a size waits for, request by request. The calls are those of
// Ghost's frontend/web/middleware/handle-image-sizes.

const BUCKET = 'sizes-on-demand';
const LATENCY_MS = 50;
const ORIGINAL = randomBytes(300_000);
const SMALL = randomBytes(20_000);
const PATH = '/2026/11/x.jpg';

let server: InMemoryS3;
let uploads: UploadFolder;
let adapter: S3CloudFrontStorage;
let blog: BlogServer;

async function open(): Promise<void> {
  server = await startInMemoryS3({ latencyMs: LATENCY_MS });
  server.createBucket(BUCKET);
  uploads = await createUploadFolder();
  adapter = newAdapter();
  blog = await startBlogServer(adapter);
  await upload('x.jpg');
  await upload('x_o.jpg');
  server.requests.length = 0;
}

async function close(): Promise<void> {
  await blog.close();
  await uploads.remove();
  await server.close();
}

beforeEach(async () => {
  // The seconds that images are kept for are over too soon on a busy machine.
  jest.spyOn(Kept.prototype, 'expire').mockImplementation();
  await open();
});

afterEach(async () => {
  jest.restoreAllMocks();
  await close();
});

const newAdapter = (credentials = server.credentials) =>
  createAdapter({ ...server, credentials }, BUCKET, { serve: 'stream' });

const upload = async (name: string, bytes = ORIGINAL) => adapter.save(await uploads.file(name, bytes), '2026/11');

/** What Ghost reads a size from: https://github.com/TryGhost/Ghost/blob/main/ghost/core/core/server/lib/image/image-size.js */
async function originalPathOf(picture: string): Promise<string> {
  const preferred = picture.replace(/(\.\w+)$/, '_o$1');
  if (await adapter.exists(preferred)) {
    return preferred;
  }
  const former = picture.replace(/(-\d+)?(\.\w+)$/, '_o$1$2');
  return (await adapter.exists(former)) ? former : picture;
}

/** Makes a size where there is none. */
async function makeSize(size: string, picture = PATH): Promise<Buffer | undefined> {
  if (await adapter.exists(`/size/${size}${picture}`)) {
    return undefined;
  }
  const original = await adapter.read({ path: await originalPathOf(picture) });
  await adapter.saveRaw(SMALL, `/size/${size}${picture}`);
  return original;
}

const requested = () =>
  server.requests.map(({ operation, key = '' }) => `${operation} ${key.replace(/^.*\/11\//, '')}`);

describe('a size that is asked for the first time', () => {
  test('takes three requests, of which two are under way at the same time', async () => {
    const arrived = () => server.requests.length;
    server.injectFault({ times: 2, kind: { until: () => arrived() >= 2 } });
    expect(await makeSize('w600')).toEqual(ORIGINAL);
    expect(await blog.request(`/size/w600${PATH}`)).toMatchObject({ status: 200, body: SMALL });
    expect(requested().sort()).toEqual(['GetObject x_o.jpg', 'HeadObject x.jpg', 'PutObject x.jpg']);
    const [first, second, third] = server.requests as [RecordedRequest, RecordedRequest, RecordedRequest];
    expect(second.startedAtMs).toBeLessThan(first.endedAtMs);
    expect(third.startedAtMs).toBeGreaterThan(Math.max(first.endedAtMs, second.endedAtMs));
  });

  test('is answered as it is answered ever after', async () => {
    await makeSize('w600');
    const [first, second] = [await blog.request(`/size/w600${PATH}`), await blog.request(`/size/w600${PATH}`)];
    expect(requested().at(-1)).toBe('GetObject x.jpg');
    // S3 has not said yet when it was stored.
    const headers = { ...second.headers, 'last-modified': undefined, date: undefined };
    expect({ ...first.headers, date: undefined, 'last-modified': undefined }).toEqual(headers);
    expect(first.body).toEqual(second.body);
  });

  test('is answered from the bucket to a client that wants a part of it', async () => {
    await makeSize('w600');
    const part = await blog.request(`/size/w600${PATH}`, { range: 'bytes=10-19' });
    expect(part).toMatchObject({ status: 206, body: SMALL.subarray(10, 20) });
  });

  test('of an image without an original is made from the image, and nothing is looked for twice', async () => {
    await upload('plain.jpg');
    server.requests.length = 0;
    expect(await makeSize('w600', '/2026/11/plain.jpg')).toEqual(ORIGINAL);
    expect(requested().sort()).toEqual([
      'GetObject plain.jpg',
      'GetObject plain_o.jpg',
      'HeadObject plain.jpg',
      'PutObject plain.jpg',
    ]);
  });

  test('and another one of the same image at the same moment read the original once', async () => {
    const originals = await Promise.all(['w300', 'w600', 'w1000', 'w1600'].map((size) => makeSize(size)));
    expect(originals).toEqual([ORIGINAL, ORIGINAL, ORIGINAL, ORIGINAL]);
    expect(requested().filter((request) => request.startsWith('GetObject'))).toEqual(['GetObject x_o.jpg']);
  });
});

test('an image size that exists is served without reading its original', async () => {
  await makeSize('w600');
  await adapter.exists(`/size/w600${PATH}`);
  server.requests.length = 0;
  expect(await adapter.exists(`/size/w600${PATH}`)).toBe(true);
  expect(await adapter.exists(`/size/w600${PATH}`)).toBe(true);
  expect(requested()).toEqual(['HeadObject x.jpg', 'HeadObject x.jpg']);
});

test('an original that was read ahead for a size that is there is given up', async () => {
  await makeSize('w600');
  server.injectFault({ operation: 'GetObject', key: /x_o\.jpg$/, kind: { delayMs: 2_000 } });
  const read = jest.spyOn(Bucket.prototype, 'read');
  expect(await adapter.exists(`/size/w600${PATH}`)).toBe(true);
  expect(read.mock.calls.map(([key]) => key)).toEqual(['content/images/2026/11/x_o.jpg']);
  await expect(read.mock.results[0]?.value).rejects.toThrow();
});

test('a size is found missing there, too, and its original read once', async () => {
  await makeSize('w600');
  await adapter.exists(`/size/w600${PATH}`);
  server.requests.length = 0;
  expect(await makeSize('w1000')).toEqual(ORIGINAL);
  expect(requested()).toEqual(['HeadObject x.jpg', 'GetObject x_o.jpg', 'PutObject x.jpg']);
});

test('a size that was just uploaded as a file is answered with its own bytes while the next file is uploaded', async () => {
  const [size, next] = [randomBytes(1_500_000), randomBytes(1_500_000)];
  // The upload has ended for S3, and not yet for Ghost.
  let end = () => {};
  const closing = new Promise<void>((isClosing) => {
    jest.spyOn(OpenedFile.prototype, 'close').mockImplementationOnce(async function (this: OpenedFile) {
      isClosing();
      await new Promise<void>((resolve) => (end = resolve));
      await this.close();
    });
  });
  const saved = adapter.save(await uploads.file('y.jpg', size), 'size/w600/2026/11');
  await closing;
  await upload('z.jpg', next);
  expect((await blog.request('/size/w600/2026/11/y.jpg')).body.equals(size)).toBe(true);
  end();
  await saved;
});

test('a size that is made again replaces the one before at once', async () => {
  await makeSize('w600');
  const other = randomBytes(1_000);
  await adapter.saveRaw(other, `/size/w600${PATH}`);
  expect((await blog.request(`/size/w600${PATH}`)).body).toEqual(other);
  await adapter.saveRaw(SMALL, `/size/w600${PATH}`);
  await adapter.delete(`/size/w600${PATH}`);
  expect((await blog.request(`/size/w600${PATH}`)).status).toBe(404);
});

test('an original that was deleted or uploaded in the meantime is not remembered in its old state', async () => {
  expect(await adapter.exists(`/size/w600${PATH}`)).toBe(false);
  expect(await adapter.exists('/2026/11/x_o.jpg')).toBe(true);
  await adapter.delete('/2026/11/x_o.jpg');
  expect(await adapter.exists('/2026/11/x_o.jpg')).toBe(false);
  await expect(adapter.read({ path: '/2026/11/x_o.jpg' })).rejects.toMatchObject({ errorType: 'NotFoundError' });

  expect(await adapter.exists('/size/w600/2026/11/new.jpg')).toBe(false);
  expect(await adapter.exists('/2026/11/new_o.jpg')).toBe(false);
  await upload('new_o.jpg', SMALL);
  expect(await adapter.exists('/2026/11/new_o.jpg')).toBe(true);
  expect(await adapter.read({ path: '/2026/11/new_o.jpg' })).toEqual(SMALL);
});

test('an original that may not be read is an error that names the permission, and not "absent"', async () => {
  const reader = { accessKeyId: 'AKIAREADER', secretAccessKey: 'reader-secret' };
  const allow = (Action: string, Resource: string) => ({ Effect: 'Allow', Action, Resource });
  const objects = `arn:aws:s3:::${BUCKET}/content/images`;
  const Statement = [allow('s3:GetObject', `${objects}/size/*`), allow('s3:ListBucket', `arn:aws:s3:::${BUCKET}`)];
  server.addUser({ ...reader, policy: { Version: '2012-10-17', Statement } });
  const restricted = newAdapter(reader);
  expect(await restricted.exists(`/size/w600${PATH}`)).toBe(false);
  const refusal = { errorType: 'NoPermissionError', message: expect.stringContaining('s3:GetObject') as string };
  await expect(restricted.exists('/2026/11/x_o.jpg')).rejects.toMatchObject(refusal);
  await expect(restricted.read({ path: '/2026/11/x_o.jpg' })).rejects.toMatchObject(refusal);
});

test.each([
  '/size/w600/size/w300/2026/11/x.jpg',
  '/size/w600/%73ize/w300/2026/11/x.jpg',
  '/size/w600//size//w300/2026/11/x.jpg',
  '/size/w600/format/webp/size/w300/2026/11/x.jpg',
])('%s is not found by a visitor, and makes no request', async (size) => {
  // Ghost leaves an image that is not found to serve().
  await expect(adapter.exists(size)).rejects.toMatchObject({ errorType: 'NotFoundError' });
  expect((await blog.request(size)).status).toBe(404);
  expect(requested()).toEqual([]);
});

test('an original that breaks off on its way is read again', async () => {
  server.injectFault({ operation: 'GetObject', key: /x_o\.jpg$/, kind: 'truncate-body' });
  expect(await makeSize('w600')).toEqual(ORIGINAL);
});

test('whether a size is there is said as soon as S3 has, however large the original is', async () => {
  // The original arrives once it is known that the size is missing.
  let arrive = () => {};
  const known = new Promise<void>((resolve) => (arrive = resolve));
  jest.spyOn(Bucket.prototype, 'read').mockImplementationOnce(async function (this: Bucket, ...parameters) {
    await known;
    return Bucket.prototype.read.call(this, ...parameters);
  });
  expect(await adapter.exists(`/size/w600${PATH}`)).toBe(false);
  arrive();
  expect(await adapter.read({ path: '/2026/11/x_o.jpg' })).toEqual(ORIGINAL);
});

describe('what is kept in memory has a limit for the whole process', () => {
  const MIB = 1024 * 1024;
  const gets = () => server.requests.filter(({ operation }) => operation === 'GetObject').length;

  test('of bytes, for sizes that are not fetched after a HEAD or for a part', async () => {
    const sizes = Array.from({ length: 20 }, (_, index) => `/size/w600/2026/11/${index}.jpg`);
    const adapters = [adapter, newAdapter()];
    const large = randomBytes(4 * MIB);
    for (const [index, size] of sizes.entries()) {
      await adapters[index % 2]?.saveRaw(large, size);
    }
    server.requests.length = 0;
    const other = await startBlogServer(adapters[1] ?? adapter);
    for (const [index, size] of sizes.entries()) {
      expect((await (index % 2 ? other : blog).request(size)).body.equals(large)).toBe(true);
    }
    await other.close();
    expect(gets()).toBe(12);
  });

  test('of images, for small sizes', async () => {
    const sizes = Array.from({ length: 100 }, (_, index) => `/size/w600/2026/11/${index}.jpg`);
    await Promise.all(sizes.map((size) => adapter.saveRaw(SMALL, size)));
    server.requests.length = 0;
    const answers = await Promise.all(sizes.map((size) => blog.request(size)));
    expect(answers.every(({ body }) => body.equals(SMALL))).toBe(true);
    expect(gets()).toBe(36);
  });

  test('and an original that is larger than all of it is still read, and not kept', async () => {
    await upload('large_o.jpg', randomBytes(40 * MIB));
    expect(await adapter.exists('/size/w600/2026/11/large.jpg')).toBe(false);
    expect(await adapter.exists('/2026/11/large_o.jpg')).toBe(true);
    expect((await adapter.read({ path: '/2026/11/large_o.jpg' })).byteLength).toBe(40 * MIB);
    server.requests.length = 0;
    await adapter.read({ path: '/2026/11/large_o.jpg' });
    expect(gets()).toBe(1);
  });

  test('and originals that were read ahead and never used make room for others', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `photo${index}`);
    for (const name of names) {
      await upload(`${name}_o.jpg`, randomBytes(7 * MIB));
    }
    for (const name of names) {
      expect(await adapter.exists(`/size/w600/2026/11/${name}.jpg`)).toBe(false);
      expect(await adapter.exists(`/2026/11/${name}_o.jpg`)).toBe(true);
    }
    server.requests.length = 0;
    for (const name of [...names].reverse()) {
      await adapter.read({ path: `/2026/11/${name}_o.jpg` });
    }
    expect(gets()).toBe(2);
  });
});
