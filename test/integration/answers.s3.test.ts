import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { CDN_URL } from '../support/adapter';
import { startBlogServer } from '../support/blog-server';
import { digest, MIB } from '../support/bytes';
import { type ForeignAnswer, type HostileNetwork, startHostileNetwork } from '../support/hostile-network';
import { listen } from '../support/local-server';
import { useBucket, useUploadFolder } from '../support/use-bucket';

// A status is never believed alone: whatever answers in the place of S3, nothing is taken for stored, found or deleted.

const PAGE = '<!DOCTYPE html><html lang="en"><head><title>Sign in</title><body><p>Hello<br>world</body></html>';
const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';
const ERROR = `${XML}<Error><Code>InternalError</Code><Message>Try again</Message></Error>`;
const HTML_TYPE = { 'content-type': 'text/html; charset=utf-8' };
/** What a web server sends with a file of its own. */
const LIKE_A_FILE = { ...HTML_TYPE, etag: '"65f0a1b2-264"', 'last-modified': 'Tue, 12 Mar 2024 18:40:50 GMT' };

const bucket = useBucket();
const uploads = useUploadFolder();
let network: HostileNetwork | undefined;
let logged: jest.SpyInstance[];

beforeEach(() => {
  logged = (['warn', 'error'] as const).map((level) => jest.spyOn(console, level).mockImplementation());
});

afterEach(async () => {
  logged.forEach((spy) => spy.mockRestore());
  await network?.close();
  network = undefined;
});

type AnswerInstead = (request: IncomingMessage) => ForeignAnswer | undefined;

/** Creates an adapter that reaches S3 through somebody who answers some of its requests. */
async function createAdapterBehind(answerInstead: AnswerInstead, overrides = {}): Promise<S3CloudFrontStorage> {
  network = await startHostileNetwork(bucket.server.endpoint, { mishaps: [], answerInstead });
  return bucket.createAdapter({
    endpoint: network.endpoint,
    maxAttempts: 1,
    multipartUploadThresholdBytes: 5 * MIB,
    multipartChunkSizeBytes: 5 * MIB,
    ...overrides,
  });
}

const page = (headers: Record<string, string> = HTML_TYPE, body: ForeignAnswer['body'] = PAGE, status = 200) => ({
  status,
  headers,
  body,
});

/** Which operation of S3 a request is, as far as these tests tell them apart. */
function operationOf({ method = '', url = '' }: IncomingMessage): string {
  const { searchParams, pathname } = new URL(url, 'http://s3');
  const isObject = pathname.split('/').length > 2 && !pathname.endsWith('/');
  if (method === 'POST') return searchParams.has('uploads') ? 'Create' : 'Complete';
  if (method === 'PUT') return searchParams.has('partNumber') ? 'Part' : 'Put';
  if (method === 'DELETE') return searchParams.has('uploadId') ? 'Abort' : 'Delete';
  return isObject ? method : 'List';
}

const answerTo =
  (operations: string[], answer: ForeignAnswer): AnswerInstead =>
  (request) =>
    operations.includes(operationOf(request)) ? answer : undefined;

const small = () => uploads.file('photo.jpg', randomBytes(1000));
const large = () => uploads.file('clip.mp4', randomBytes(11 * MIB));

/** Waits for what is cleaned up in the background. */
async function leftOver(): Promise<unknown[]> {
  for (let round = 0; round < 600 && (await bucket.multipartUploads()).length > 0; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return bucket.multipartUploads();
}

describe.each<[string, ForeignAnswer]>([
  ['a web page', page()],
  ['a web page with an ETag and a date', page(LIKE_A_FILE)],
  ['a web page with a weak ETag', page({ ...HTML_TYPE, etag: 'W/"264-a"' })],
  ['a page behind CloudFront', page({ ...LIKE_A_FILE, 'x-amz-cf-id': 'abc', 'x-amz-cf-pop': 'FRA56' })],
  ["a web page with S3's request ID", page({ ...HTML_TYPE, 'x-amz-request-id': 'A1' })],
  ['text without any header', page({}, 'OK')],
  ['JSON', page({ 'content-type': 'application/json' }, '{"status":"ok"}')],
  ['nothing', page({}, '')],
  ['204 and nothing', page({}, '', 204)],
  ['202 and text', page({ 'content-type': 'text/plain' }, 'queued', 202)],
  ['404 with a web page', page(HTML_TYPE, PAGE, 404)],
])('an endpoint that answers everything with %s', (_, answer) => {
  const refused = {
    errorType: expect.stringMatching(/IncorrectUsageError|InternalServerError/),
    message: expect.stringMatching(/does not answer like S3|S3 failed to carry out/),
  };

  test('stores nothing, finds nothing, reads nothing, deletes nothing, and the error names the endpoint', async () => {
    const adapter = await createAdapterBehind(() => answer);
    const steps = {
      save: async () => adapter.save(await small(), '2026/11'),
      'save in parts': async () => adapter.save(await large(), '2026/11'),
      saveRaw: () => adapter.saveRaw(randomBytes(1000), 'size/w600/photo.jpg'),
      exists: () => adapter.exists('photo.jpg', '2026/11'),
      read: () => adapter.read({ path: '2026/11/photo.jpg' }),
      delete: () => adapter.delete('photo.jpg', '2026/11'),
      getUniqueFileName: () => adapter.getUniqueFileName({ name: 'photo.jpg' }, '2026/11'),
    };
    for (const [step, result] of Object.entries(steps)) {
      const error = await result().then(
        (value) => new Error(`${step} gave ${String(value)}`),
        (reason: Error) => reason,
      );
      expect(error).toMatchObject(refused);
      expect(`${step}: ${error.message} ${(error as { context?: string }).context}`).toContain(network?.endpoint);
    }
  });
});

test('the error shows the title of the page, and where the endpoint was set', async () => {
  const adapter = await createAdapterBehind(() => page(LIKE_A_FILE));
  await expect(adapter.read({ path: 'x.jpg' })).rejects.toMatchObject({
    message: expect.stringMatching(/it answered 200 with a web page \("Sign in"\)\.$/),
    help: expect.stringContaining('Correct "endpoint"'),
  });
});

describe('an upload in parts', () => {
  test.each<[string, string, ForeignAnswer]>([
    ['completion', 'Complete', page()],
    ['completion', 'Complete', page({ 'content-type': 'application/xml' }, `${ERROR}\n`)],
    ['completion', 'Complete', page({ 'content-type': 'application/xml' }, `\ufeff${ERROR}\r\n`)],
    ['completion', 'Complete', page({}, '')],
    ['completion', 'Complete', page({ 'content-type': 'application/json' }, '{"Location":"x","ETag":"y"}')],
    ['completion', 'Complete', page({}, `${XML}<CompleteMultipartUploadResult></CompleteMultipartUploadResult>`)],
    ['completion', 'Complete', page({}, `${XML}<CompleteMultipartUploadResult><Location>htt`)],
    ['completion', 'Complete', page({ 'content-encoding': 'gzip' }, gzipSync(ERROR))],
    ['completion', 'Complete', page({}, '', 204)],
    ['part', 'Part', page()],
    ['part', 'Part', page({}, '')],
    ['beginning', 'Create', page()],
    ['beginning', 'Create', page({}, '')],
    ['beginning', 'Create', page({}, `${XML}<InitiateMultipartUploadResult></InitiateMultipartUploadResult>`)],
    ['beginning', 'Create', page({}, `${ERROR}\n`)],
  ])('whose %s is not answered by S3 is an error, and leaves nothing behind (%#)', async (_, operation, answer) => {
    const asked: string[] = [];
    const adapter = await createAdapterBehind((request) => {
      asked.push(request.url ?? '');
      return answerTo([operation], answer)(request);
    });
    await expect(adapter.save(await large(), '2026/11')).rejects.toMatchObject({ code: expect.any(String) });
    expect(await bucket.keys()).toEqual([]);
    expect(await leftOver()).toEqual([]);
    expect(asked.filter((url) => url.includes('undefined'))).toEqual([]);
  });

  test('that S3 completed is stored, whatever came in the place of its answer', async () => {
    const adapter = await createAdapterBehind(answerTo(['Complete'], { ...page(), isCarriedOut: true }));
    const url = await adapter.save(await large(), '2026/11');
    expect(await bucket.keys()).toEqual([url.slice(CDN_URL.length + 1)]);
    expect(await bucket.multipartUploads()).toEqual([]);
  });

  test('whose beginning was answered by an error of S3 with status 200 is started again', async () => {
    let count = 0;
    const answer = page({ 'content-type': 'application/xml' }, `${ERROR}\n`);
    const adapter = await createAdapterBehind(
      (request) => (operationOf(request) === 'Create' && (count += 1) === 1 ? answer : undefined),
      { maxAttempts: 3 },
    );
    await adapter.save(await large(), '2026/11');
    expect(count).toBe(2);
  });
});

describe('an upload in one request', () => {
  test.each<[string, ForeignAnswer]>([
    ['a web page', page()],
    ['a web page with an ETag', page(LIKE_A_FILE)],
    ['an error', page({ 'content-type': 'application/xml' }, `${ERROR}\n`)],
    ['nothing', page({}, '')],
    ['201', page({ etag: '"x"' }, '', 201)],
  ])('that is answered with %s is stored only if it is there', async (_, answer) => {
    const adapter = await createAdapterBehind(answerTo(['Put'], answer));
    await expect(adapter.save(await small(), '2026/11')).rejects.toThrow(
      /"content\/images\/2026\/11\/photo.jpg" was not/,
    );
    await expect(adapter.saveRaw(randomBytes(10), 'size/w600/x.jpg')).rejects.toThrow(/was not stored/);
    expect(await bucket.keys()).toEqual([]);
    await network?.close();
    const other = await createAdapterBehind(answerTo(['Put'], { ...answer, isCarriedOut: true }));
    const file = await uploads.file('photo.jpg', 'my bytes');
    const url = await other.save(file, '2026/11');
    expect((await bucket.read(url.slice(CDN_URL.length + 1))).bytes.toString()).toBe('my bytes');
  });

  test('needs no ETag, no request ID and no upload ID in return: its bytes tell', async () => {
    const adapter = await createAdapterBehind(answerTo(['Put'], page({}, '')));
    await bucket.put('content/images/size/w600/x.jpg', 'my bytes');
    await adapter.saveRaw(Buffer.from('my bytes'), 'size/w600/x.jpg');
    await expect(adapter.saveRaw(Buffer.from('my bytez'), 'size/w600/x.jpg')).rejects.toThrow(/was not stored/);
  });
});

test('a service without request IDs is asked once for a name that cannot exist, and then believed', async () => {
  const asked: string[] = [];
  await bucket.put('content/images/2026/11/x.html', PAGE, { ContentType: 'text/html' });
  const object = page(LIKE_A_FILE);
  const adapter = await createAdapterBehind((request) => {
    asked.push(operationOf(request));
    return decodeURIComponent(request.url ?? '').includes('x.html') ? object : undefined;
  });
  expect((await adapter.read({ path: '2026/11/x.html' })).toString()).toBe(PAGE);
  expect(await adapter.exists('x.html', '2026/11')).toBe(true);
  expect(asked).toEqual(['GET', 'GET', 'HEAD']);
});

test.each<[string, (header: string, request: IncomingMessage) => boolean]>([
  ['no ETag for an upload', (header, { method }) => header === 'etag' && method === 'PUT'],
  ['no request IDs', (header) => /^x-amz-(request-id|id-2)$/.test(header)],
  ['no header of its own but the date', (header) => header.startsWith('x-amz-') || header === 'etag'],
])('a service that sends %s works: uploads, sizes, reads and deletes', async (_, leavesOut) => {
  network = await startHostileNetwork(bucket.server.endpoint, {
    mishaps: [],
    leavesOut: (header, request) => operationOf(request) !== 'Part' && leavesOut(header, request),
  });
  const adapter = bucket.createAdapter({
    endpoint: network.endpoint,
    multipartUploadThresholdBytes: 5 * MIB,
    multipartChunkSizeBytes: 5 * MIB,
  });
  const urls = [
    await adapter.save(await uploads.file('a.jpg', 'first'), '2026/11'),
    await adapter.save(await uploads.file('a.jpg', 'second'), '2026/11'),
  ];
  expect(
    await Promise.all(urls.map(async (url) => (await adapter.read({ path: adapter.urlToPath(url) })).toString())),
  ).toEqual(['first', 'second']);
  await adapter.saveRaw(Buffer.from('a size'), 'size/w600/2026/11/a.jpg');
  await adapter.saveRaw(Buffer.from('another'), 'size/w600/2026/11/a.jpg');
  const film = await large();
  const url = await adapter.save(film, '2026/11');
  expect(await adapter.exists(adapter.urlToPath(url))).toBe(true);
  await adapter.delete('a.jpg', '2026/11');
  expect(await adapter.exists('a.jpg', '2026/11')).toBe(false);
  await expect(adapter.read({ path: '2026/11/a.jpg' })).rejects.toMatchObject({ errorType: 'NotFoundError' });
});

test('a listing that is answered with zipped XML or a byte order mark is read', async () => {
  const listing = `<ListBucketResult><Name>${bucket.name}</Name><KeyCount>1</KeyCount><Contents><Key>content/images/2026/11/x-4.jpg</Key><Size>1</Size></Contents></ListBucketResult>`;
  await bucket.put('content/images/2026/11/x.jpg', 'x');
  for (const answer of [
    page({ 'content-encoding': 'gzip' }, gzipSync(listing)),
    page({}, `\ufeff${XML}${listing}\n`),
  ]) {
    const adapter = await createAdapterBehind(answerTo(['List'], answer));
    expect(await adapter.getUniqueFileName({ name: 'x.jpg' }, '2026/11')).toBe('2026/11/x-5.jpg');
    await network?.close();
  }
});

test.each([
  ['HTTP/1.0 200 OK\r\nx-amz-request-id: 1\r\netag: "x"'],
  ['HTTP/1.1 200 OK\r\nx-amz-request-id: 1\r\nlast-modified: Tue, 12 Mar 2024 18:40:50 GMT\r\nconnection: close'],
  ['HTTP/1.0 200 OK'],
])('an object without a known length is not read, and no visitor gets it: %j', async (head) => {
  const half = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(`${head}\r\n\r\nhalf an image`));
  });
  const endpoint = `http://127.0.0.1:${await listen(half)}`;
  const adapter = bucket.createAdapter({ endpoint, maxAttempts: 1, serve: 'stream' });
  await expect(adapter.read({ path: 'x.jpg' })).rejects.toThrow(/without its length|does not answer like S3/);
  const blog = await startBlogServer(adapter);
  expect((await blog.request('/x.jpg')).body.toString()).not.toContain('half an image');
  await blog.close();
  half.close();
});

test('a visitor never gets the page that answers in the place of S3', async () => {
  const adapter = await createAdapterBehind(() => page(LIKE_A_FILE), { serve: 'stream' });
  const blog = await startBlogServer(adapter);
  for (const headers of [{}, { range: 'bytes=0-9' }]) {
    const answer = await blog.request('/2026/11/x.jpg', headers);
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(answer.body.toString()).not.toContain('Hello');
  }
  await blog.close();
});

test('a delete is done only when S3 says so', async () => {
  await bucket.put('content/images/2026/11/x.jpg', 'x');
  for (const code of ['NoSuchTenant', 'NoSuchBucket']) {
    const error = `${XML}<Error><Code>${code}</Code></Error>`;
    const other = await createAdapterBehind(
      answerTo(['Delete'], page({ 'content-type': 'application/xml' }, error, 404)),
    );
    await expect(other.delete('x.jpg', '2026/11')).rejects.toMatchObject({ code: expect.any(String) });
    await network?.close();
  }
});

test('a page in the place of an image is not taken for one, also at a service that was proven to be S3', async () => {
  let isDown = false;
  await bucket.put('content/images/2026/11/x.jpg', 'an image');
  const adapter = await createAdapterBehind(() => (isDown ? page(LIKE_A_FILE) : undefined));
  expect((await adapter.read({ path: '2026/11/x.jpg' })).toString()).toBe('an image');
  isDown = true;
  await expect(adapter.read({ path: '2026/11/x.jpg' })).rejects.toThrow(/does not answer like S3/);
  await expect(adapter.exists('x.jpg', '2026/11')).rejects.toThrow(/does not answer like S3/);
  isDown = false;
  expect(await adapter.exists('x.jpg', '2026/11')).toBe(true);
});

describe('whatever answers in the place of S3, an upload with a URL is in the bucket', () => {
  const bodies = fc.oneof(
    fc.constantFrom(
      PAGE,
      ERROR,
      `${ERROR}\n`,
      '',
      '{}',
      'OK',
      `${XML}<InitiateMultipartUploadResult/>`,
      `${XML}<CompleteMultipartUploadResult></CompleteMultipartUploadResult>`,
      `${XML}<CompleteMultipartUploadResult><Bucket>b</Bucket></CompleteMultipartUploadResult>`,
      `${XML}<ListBucketResult></ListBucketResult>`,
      `${XML}<CompleteMulti`,
    ),
    fc.string({ maxLength: 200 }),
  );
  const foreign = fc.record({
    operations: fc.subarray(['Put', 'Part', 'Create', 'Complete', 'HEAD', 'List', 'Abort'], { minLength: 1 }),
    status: fc.constantFrom(200, 200, 200, 200, 201, 202, 204, 206),
    headers: fc
      .record(
        {
          'content-type': fc.constantFrom('text/html', 'application/xml', 'application/json', 'image/jpeg'),
          'last-modified': fc.constant('Tue, 12 Mar 2024 18:40:50 GMT'),
          // Both together are what S3 sends.
          signature: fc.constantFrom({ etag: 'W/"1"' }, { etag: '"abc"' }, { 'x-amz-request-id': 'A1' }),
        },
        { requiredKeys: [] },
      )
      .map(({ signature, ...headers }) => ({ ...headers, ...signature }) as Record<string, string>),
    body: bodies,
    isCarriedOut: fc.boolean(),
    from: fc.nat(3),
  });

  test.each([
    ['small', 1000, 120],
    ['large', 5 * MIB + 1, 40],
  ])('%s uploads', async (_, size, numRuns) => {
    let current: (typeof foreign extends fc.Arbitrary<infer T> ? T : never) | undefined;
    let count = 0;
    const adapter = await createAdapterBehind((request) => {
      if (!current?.operations.includes(operationOf(request))) {
        return undefined;
      }
      count += 1;
      const { status, headers, body, isCarriedOut } = current;
      return count > current.from ? { status, headers, body: status === 204 ? '' : body, isCarriedOut } : undefined;
    });
    await fc.assert(
      fc.asyncProperty(foreign, async (answer) => {
        current = answer;
        count = 0;
        const bytes = randomBytes(size);
        const url = await adapter.save(await uploads.file('photo.jpg', bytes), '2026/11').catch((error: Error) => {
          expect(error).toMatchObject({ errorType: expect.any(String), code: expect.stringMatching(/^STORAGE_/) });
        });
        current = undefined;
        if (url) {
          expect(digest((await bucket.read(url.slice(CDN_URL.length + 1))).bytes)).toBe(digest(bytes));
        }
      }),
      { numRuns, seed: 15 },
    );
  });

  test('and what is read is the object, what is deleted is gone', async () => {
    let current: (typeof foreign extends fc.Arbitrary<infer T> ? T : never) | undefined;
    const adapter = await createAdapterBehind(
      () => current && { ...current, body: current.status === 204 ? '' : current.body || 'x' },
    );
    // A request ID with a date is what services send with objects, and with 204 when they have deleted one.
    const ofPages = foreign.filter(
      ({ status, headers }) => !(headers['x-amz-request-id'] && (headers['last-modified'] || status === 204)),
    );
    await fc.assert(
      fc.asyncProperty(ofPages, async (answer) => {
        current = undefined;
        await adapter.saveRaw(Buffer.from('the object'), 'a/x.jpg');
        current = { ...answer, isCarriedOut: false };
        const outcomes = await Promise.allSettled([
          adapter.read({ path: 'a/x.jpg' }),
          adapter.exists('missing.jpg', 'a'),
          adapter.delete('x.jpg', 'a'),
        ]);
        expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      }),
      { numRuns: 100, seed: 15 },
    );
  });
});
