import { createServer, type Server } from 'node:http';
import type { BucketOptions, InMemoryS3, ListingDifference } from '../support/in-memory-s3';
import { listen, stop } from '../support/local-server';
import { type ContentFolder, createContentFolder, runCommand } from '../support/migrate/command';
import { useBucket } from '../support/use-bucket';

const bucket = useBucket({ inMemory: true });
let folder: ContentFolder;
let name: string;
let count = 0;

const memory = () => bucket.server.memory as InMemoryS3;
const objects = () => memory().objects(name);
const listings = () => memory().requests.filter(({ operation }) => operation === 'ListObjectsV2');
const uploads = () => memory().requests.filter(({ operation, status }) => operation === 'PutObject' && status === 200);

/** Creates a bucket that lists differently, with these objects, and a content folder for it. */
async function useService(listing: ListingDifference, keys: Record<string, string> = {}, options: BucketOptions = {}) {
  name = `listing-${(count += 1)}`;
  memory().createBucket(name, { ...options, listing });
  await bucket.put('x', 'x');
  for (const [key, body] of Object.entries(keys)) {
    await bucket.put(key, body);
    objects().set(key, memory().objects(bucket.name).get(key) as never);
  }
  folder = await createContentFolder(bucket.options({ bucket: name }));
  memory().requests.length = 0;
}

afterEach(() => folder.remove());

const MODES = [
  ['migrate', {}],
  ['migrate --dry-run', { dryRun: true }],
  ['migrate --to-local', { toLocal: true }],
  ['migrate --to-local --dry-run', { toLocal: true, dryRun: true }],
  ['migrate --from-bucket', { fromUrl: 'https://old.example.com', fromBucket: 'old-bucket' }],
] as const;

describe.each(MODES)('%s', (_mode, options) => {
  test.each([
    ['a web page', '<!DOCTYPE html><html lang="en"><head><title>Hello</title><body><p>Hello<br>world</body></html>'],
    ['a well-formed web page', '<html><head><title>Hello</title></head><body><p>Hello</p></body></html>'],
    ['nothing', ''],
    ['JSON', '{"status":"ok"}'],
    [
      'a list of buckets',
      '<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets></ListAllMyBucketsResult>',
    ],
    ['an error with a line break', '<?xml version="1.0"?>\n<Error><Code>InternalError</Code></Error>\n'],
    ['an empty listing without a name', '<ListBucketResult></ListBucketResult>'],
  ])('%s with status 200 in the place of S3 is an error that names the endpoint', async (_what, body) => {
    let requests = 0;
    const page: Server = createServer((request, response) => {
      requests += 1;
      request.resume().on('end', () => response.writeHead(200, { 'content-type': 'text/html' }).end(body));
    });
    const endpoint = `http://127.0.0.1:${await listen(page)}`;
    folder = await createContentFolder(bucket.options({ endpoint }));
    const ofNewBlog: Record<string, string> = { 'themes/casper/index.hbs': '', 'settings/routes.yaml': '' };
    for (const files of [ofNewBlog, { 'images/a.jpg': 'a', 'media/b.mp4': 'b' }]) {
      await folder.write(files);
      requests = 0;
      const { error, exitCode } = await runCommand(folder, options);
      expect([exitCode, error?.name, error?.message]).toEqual([1, 'Failure', expect.stringContaining(endpoint)]);
      expect(error?.cure).toContain('"endpoint"');
      expect(requests).toBeLessThan(10);
    }
    await stop(page);
  });
});

const endless = (change: ListingDifference['change']): ListingDifference => ({ change });
const without = (answer: Record<string, unknown>, ...names: string[]) =>
  Object.fromEntries(Object.entries(answer).filter(([field]) => !names.includes(field)));

describe('a listing that does not say how it continues', () => {
  const keys = Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`content/images/${index}.jpg`, 'x']));
  const files = Object.fromEntries(Object.keys(keys).map((key) => [key.slice('content/'.length), 'x']));

  test.each<[string, ListingDifference]>([
    ['without a token', endless((answer) => without(answer, 'NextContinuationToken'))],
    [
      'with an empty token',
      endless((answer) => ({ ...answer, NextContinuationToken: answer.IsTruncated ? '' : undefined })),
    ],
    [
      'with the same token for ever, which it does not know',
      endless((answer) => ({ ...answer, NextContinuationToken: answer.IsTruncated ? 'same' : undefined })),
    ],
    [
      'with neither IsTruncated nor a token',
      endless((answer) => without(answer, 'IsTruncated', 'NextContinuationToken')),
    ],
    ['without IsTruncated', endless((answer) => without(answer, 'IsTruncated'))],
  ])('%s is read to its end', async (_what, listing) => {
    await useService(listing);
    for (const key of Object.keys(keys)) {
      objects().set(key, memory().objects(bucket.name).get('x') ?? (await putX()));
    }
    await folder.write(files);
    expect((await runCommand(folder, { dryRun: true })).result.results).toEqual({
      present: { files: 1_500, bytes: 1_500 },
    });
    expect(listings().length).toBeLessThan(12);
  });

  test.each<[string, ListingDifference]>([
    [
      'that repeats one page and one token',
      endless((answer) => ({ ...answer, IsTruncated: true, NextContinuationToken: 'same' })),
    ],
    [
      'that repeats one page without a token',
      endless((answer) => ({ ...without(answer, 'NextContinuationToken'), IsTruncated: true })),
    ],
    [
      'that repeats one page with a new token each time',
      endless((answer) => ({ ...answer, IsTruncated: true, NextContinuationToken: `token ${Math.random()}` })),
    ],
    [
      'of empty pages with new tokens',
      endless((answer) => ({
        ...without(answer, 'Contents', 'KeyCount'),
        IsTruncated: true,
        NextContinuationToken: `token ${Math.random()}`,
      })),
    ],
    [
      'of empty pages without a token',
      endless((answer) => ({ ...without(answer, 'Contents', 'KeyCount'), IsTruncated: true })),
    ],
    [
      'whose tokens go in a ring',
      endless((answer, query) => ({
        ...answer,
        IsTruncated: true,
        NextContinuationToken: { a: 'b', b: 'c' }[query['continuation-token'] ?? ''] ?? 'a',
      })),
    ],
    [
      'that repeats its pages in no order',
      {
        order: (one, other) => (one > other ? -1 : 1),
        change: (answer) => ({ ...answer, IsTruncated: true, NextContinuationToken: 'same' }),
      },
    ],
  ])('a listing %s is an error, and soon', async (_what, listing) => {
    const repeating: ListingDifference = {
      ...listing,
      // Its service supports neither tokens nor a key to start after.
      change: (answer, query) => listing.change?.({ ...answer, ...page() }, query) ?? '',
    };
    const page = () => ({
      Contents: (listing.order ? ['b', 'a'] : ['a', 'b']).map((file) => ({
        Key: `content/images/${file}.jpg`,
        Size: 1,
      })),
    });
    await useService(repeating, { 'content/images/a.jpg': 'x', 'content/images/b.jpg': 'x' });
    await folder.write({ 'images/0.jpg': 'x', 'images/a.jpg': 'x', 'images/z.jpg': 'x' });
    for (const [, options] of MODES.slice(0, 4)) {
      memory().requests.length = 0;
      const { error, exitCode } = await runCommand(folder, options);
      expect([exitCode, error?.message]).toEqual([1, expect.stringContaining(bucket.server.endpoint)]);
      expect(error?.message).toContain('endless list');
      expect(listings().length).toBeLessThan(25);
    }
  });
});

async function putX() {
  await bucket.put('x', 'x');
  return memory().objects(bucket.name).get('x') as never;
}

const ORDERS: [string, ListingDifference['order']][] = [
  ['backwards', (one, other) => (one < other ? 1 : -1)],
  ['by the length of the key', (one, other) => one.length - other.length || (one < other ? 1 : -1)],
  ['as people sort', (one, other) => one.localeCompare(other) || (one < other ? -1 : 1)],
  ['folder by folder', (one, other) => (one.replaceAll('/', '\u0000') < other.replaceAll('/', '\u0000') ? -1 : 1)],
  ['by a hash', (one, other) => hash(one) - hash(other)],
];

const hash = (text: string) => [...text].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 997, 7);

describe.each(ORDERS)('a service that lists %s', (_what, order) => {
  const files = Object.fromEntries(
    ['a.jpg', 'B.jpg', 'b.jpg', 'a/x.jpg', 'a/y.jpg', 'a-1.jpg', 'c/d/e.jpg', 'zz.jpg', '2020/01/lake.jpg'].map(
      (file) => [`images/${file}`, file],
    ),
  );

  test.each(['honoured', 'ignored', 'not-implemented'] as const)(
    'keeps what is there, names it, and is sent nothing twice, with its conditional writes %s',
    async (conditionalWrites) => {
      const theirs = { 'content/images/b.jpg': 'theirs', 'content/images/a/y.jpg': 'of others' };
      await useService({ order }, { ...theirs, 'content/images/zz.jpg': 'zz.jpg' }, { conditionalWrites });
      await folder.write(files);
      const expected = { conflict: { files: 2 }, present: { files: 1 } };
      const dry = await runCommand(folder, { dryRun: true });
      expect([dry.exitCode, dry.result.results]).toMatchObject([1, { ...expected, 'to-upload': { files: 6 } }]);
      const first = await runCommand(folder);
      expect([first.exitCode, first.result.results]).toMatchObject([1, { ...expected, uploaded: { files: 6 } }]);
      expect(first.result.problems.map(({ path }) => path).sort()).toEqual(['images/a/y.jpg', 'images/b.jpg']);
      for (const [key, body] of Object.entries(theirs)) {
        expect(objects().get(key)?.bytes.toString()).toBe(body);
      }
      memory().requests.length = 0;
      const second = await runCommand(folder);
      expect([second.exitCode, second.result.results]).toMatchObject([
        1,
        { conflict: { files: 2 }, present: { files: 7 } },
      ]);
      expect(uploads()).toEqual([]);
    },
  );

  test('is brought back whole', async () => {
    await useService({ order }, Object.fromEntries(Object.keys(files).map((file) => [`content/${file}`, file])));
    const { exitCode, result } = await runCommand(folder, { toLocal: true });
    expect([exitCode, result.results]).toMatchObject([0, { downloaded: { files: 9 } }]);
    expect(Object.keys(await folder.read())).toHaveLength(9);
  });
});

test('another program that stores the same name after the listing is not overwritten where conditions are ignored', async () => {
  await bucket.put('content/images/a.jpg', 'theirs');
  const theirs = memory().objects(bucket.name).get('content/images/a.jpg') as never;
  // The listing is already answered when the object appears.
  const change: ListingDifference['change'] = (answer) => {
    setImmediate(() => objects().set('content/images/a.jpg', theirs));
    return answer;
  };
  await useService({ change }, {}, { conditionalWrites: 'ignored' });
  await folder.write({ 'images/a.jpg': 'mine' });
  const { exitCode, result } = await runCommand(folder);
  expect([exitCode, result.results]).toMatchObject([1, { conflict: { files: 1 } }]);
  expect(objects().get('content/images/a.jpg')?.bytes.toString()).toBe('theirs');
});

test('keys that XML cannot carry, and names with +, % and blanks, come back under their own names', async () => {
  const names = ['a+b.jpg', 'a b.jpg', 'a%20b.jpg', '100%.jpg', 'bell\u0007.jpg', 'tab\tline\r\n.jpg', 'ü & <x>.jpg'];
  // MinIO puts a sign in the place of what XML cannot carry, and the others have no common way.
  const change: ListingDifference['change'] = (answer, query) => {
    const contents = answer.Contents as { Key: string }[];
    const replaced = contents.map(({ Key, ...rest }) => ({ ...rest, Key: Key.replace(/\p{Cc}/gu, '\ufffd') }));
    return query['encoding-type'] === 'url' ? answer : { ...answer, Contents: replaced };
  };
  await useService({ change }, Object.fromEntries(names.map((file) => [`content/images/${file}`, file])));
  const { exitCode, result } = await runCommand(folder, { toLocal: true });
  expect([exitCode, result.results.downloaded?.files]).toEqual([0, names.length]);
  expect(Object.keys(await folder.read()).sort()).toEqual(names.map((file) => `images/${file}`).sort());
});

test('objects of another prefix, and an object that is listed twice, are left alone', async () => {
  await useService({
    change: (answer) => ({
      ...answer,
      Contents: ['backup.sql', ...['a', 'a', 'b'].map((file) => `content/images/${file}.jpg`), 'themes/evil.js'].map(
        (Key) => ({ Key, Size: 1, ETag: '"x"' }),
      ),
    }),
  });
  const x = await putX();
  ['content/images/a.jpg', 'content/images/b.jpg', 'backup.sql', 'themes/evil.js'].forEach((key) =>
    objects().set(key, x),
  );
  const { exitCode, lines } = await runCommand(folder, { toLocal: true });
  expect([exitCode, lines.map(({ path }) => path).sort()]).toEqual([0, ['images/a.jpg', 'images/b.jpg']]);
});

test('a listing that counts keys but contains none is refused', async () => {
  await useService({ change: (answer) => without(answer, 'Contents') }, { 'content/images/a.jpg': 'a' });
  const { error } = await runCommand(folder, { toLocal: true });
  expect(error?.message).toContain(bucket.server.endpoint);
});

test('a listing that breaks off is asked for again', async () => {
  await useService({}, { 'content/images/a.jpg': 'a' });
  memory().injectFault({ operation: 'ListObjectsV2', times: 3, kind: 'truncate-body' });
  const { exitCode, result } = await runCommand(folder, { toLocal: true });
  expect([exitCode, result.results.downloaded?.files]).toEqual([0, 1]);
});

test.each([
  ['a size', { Key: 'content/images/a.jpg' }],
  ['a number as its size', { Key: 'content/images/a.jpg', Size: 'x' }],
  ['a key', { Size: 1 }],
])('a listing with an object without %s is refused: the object is not skipped', async (_what, entry) => {
  await useService({ change: (answer) => ({ ...answer, Contents: [entry] }) });
  const { error } = await runCommand(folder, { toLocal: true });
  expect(error?.message).toContain(bucket.server.endpoint);
});

describe('empty objects that represent folders', () => {
  test.each(['1', '32'])('are passed over and counted, with --concurrency %s', async (concurrency) => {
    const markers = ['2020', '2020/', '2020/01', '2021', 'blog', 'blog/deep/', 'old_$folder$', 'v1.0'];
    await useService(
      {},
      {
        ...Object.fromEntries(markers.map((marker) => [`content/images/${marker}`, ''])),
        'content/images/2020/01/a.jpg': 'a',
        'content/images/2020-01.jpg': 'b',
        'content/images/blog/deep/c.jpg': 'c',
        'content/images/blog-note': 'd',
        'content/images/empty.png': '',
        'content/images/v1.0/e.jpg': 'e',
      },
    );
    const { exitCode, result, lines } = await runCommand(folder, { toLocal: true, concurrency });
    expect([exitCode, result.files, result.results]).toMatchObject([
      0,
      6,
      { downloaded: { files: 6 }, 'folder-marker': { files: markers.length, bytes: 0 } },
    ]);
    expect(
      lines
        .filter((line) => line.result === 'folder-marker')
        .map(({ path }) => path)
        .sort(),
    ).toEqual(markers.map((marker) => `images/${marker}`).sort());
    const { said } = await runCommand(folder, { toLocal: true, json: false });
    expect(said).toMatch(/8 {2}skipped: empty objects that represent folders/);
  });
});
