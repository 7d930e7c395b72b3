import path from 'node:path';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { CDN_URL, createAdapter, createUploadFolder, type UploadFolder } from '../support/adapter';
import { startBlogServer, type BlogServer } from '../support/blog-server';
import { startInMemoryS3, type InMemoryS3, type RecordedRequest } from '../support/in-memory-s3';

// The request log of the in-memory server is what proves this: every key and every listing of a tenant, whatever came
// of it.

const BUCKET = 'shared-bucket';
/**
 * Names that begin with each other, or lie inside each other, are where a prefix is compared wrongly first. The one
 * without a name is the blog that had the bucket to itself before the others came.
 */
const TENANTS = ['', 'seven', 'eight', 'seventeen', 'a', 'a/b', 'a/b/content', 'content', 'a.b'];
const FILE = '2026/11/x.jpg';
const SIZE = `size/w600/${FILE}`;
const PREFIX = 'content/images';

interface Tenant {
  name: string;
  storage: S3CloudFrontStorage;
  blog: BlogServer;
  /** What every key of the tenant begins with. */
  keyPrefix: string;
  accessKeyId: string;
}

let server: InMemoryS3;
let uploads: UploadFolder;
let tenants: Tenant[];

beforeEach(async () => {
  server = await startInMemoryS3();
  server.createBucket(BUCKET);
  uploads = await createUploadFolder();
  tenants = await Promise.all(TENANTS.map(openTenant));
  for (const { name, storage } of tenants) {
    await storage.saveRaw(Buffer.from(`of ${name}`), FILE);
    await storage.saveRaw(Buffer.from(`second of ${name}`), '2026/11/x-1.jpg');
    await storage.saveRaw(Buffer.from(`size of ${name}`), SIZE);
  }
  server.requests.length = 0;
});

afterEach(async () => {
  await Promise.all(tenants.map(({ blog }) => blog.close()));
  await uploads.remove();
  await server.close();
});

/** Each with keys of its own, by which the server's log tells them apart. They may do everything, in the whole bucket. */
async function openTenant(name: string, index: number): Promise<Tenant> {
  const credentials = { accessKeyId: `AKIATENANT${index}`, secretAccessKey: `secret-${index}` };
  server.addUser(credentials);
  const storage = createAdapter({ ...server, credentials }, BUCKET, { tenantPrefix: name, serve: 'stream' });
  return {
    name,
    storage,
    blog: await startBlogServer(storage),
    keyPrefix: path.posix.join(name, PREFIX, '/'),
    accessKeyId: credentials.accessKeyId,
  };
}

function tenant(name: string): Tenant {
  return tenants.find((one) => one.name === name) as Tenant;
}

/** The place in the bucket that a request is about. */
function target({ operation, key, query }: RecordedRequest): string {
  return operation.startsWith('List') ? `listing of ${query.prefix ?? ''}` : (key ?? '');
}

/** Requests of a tenant to anything that is not its own. */
function trespasses({ accessKeyId, keyPrefix }: Tenant): string[] {
  return server.requests
    .filter((request) => request.accessKeyId === accessKeyId)
    .filter(
      (request) =>
        !target(request)
          .replace(/^listing of /, '')
          .startsWith(keyPrefix),
    )
    .map((request) => `${request.operation} ${target(request)}`);
}

/** The contents of everything that is not the tenant's. */
function othersThan({ keyPrefix }: Tenant): Record<string, string> {
  const others = [...server.objects(BUCKET)].filter(([key]) => !key.startsWith(keyPrefix));
  return Object.fromEntries(others.map(([key, { bytes }]) => [key, bytes.toString()]));
}

/** Every method, with one spelling in each of the places where Ghost passes one. What is refused is as good. */
async function tryEverything({ storage, blog }: Tenant, spelling: string): Promise<void> {
  const upload = await uploads.file(spelling, 'uploaded by the intruder', 'image/jpeg');
  await Promise.allSettled([
    storage.exists(spelling),
    storage.exists('x.jpg', spelling),
    storage.exists(spelling, '2026/11'),
    storage.read({ path: spelling }),
    storage.getUniqueFileName({ name: spelling }, '2026/11'),
    storage.getUniqueFileName({ name: 'x.jpg' }, spelling),
    storage.save(upload, '2026/11'),
    storage.save({ ...upload, name: 'x.jpg' }, spelling),
    storage.saveRaw(Buffer.from('written by the intruder'), spelling),
    requestRaw(blog, spelling),
  ]);
  await Promise.allSettled([
    storage.delete(spelling),
    storage.delete('x.jpg', spelling),
    storage.delete(spelling, '2026/11'),
  ]);
}

/** What HTTP itself refuses to send reaches no adapter. */
async function requestRaw(blog: BlogServer, spelling: string): Promise<void> {
  await blog.request(spelling.startsWith('/') ? spelling : `/${spelling}`);
  await blog.request(`/${encodeURIComponent(spelling)}`);
}

describe('blogs that share a bucket', () => {
  test('each find their own file where all have one of the same name', async () => {
    for (const { name, storage, blog } of tenants) {
      expect((await storage.read({ path: FILE })).toString()).toBe(`of ${name}`);
      expect((await blog.request(`/${FILE}`)).body.toString()).toBe(`of ${name}`);
    }
  });

  test('give one name to an upload each: no other tenant makes it a taken one', async () => {
    for (const { name, storage, keyPrefix } of tenants) {
      const url = await storage.save(await uploads.file('new.jpg', name, 'image/jpeg'), '2026/11');
      expect(url).toBe(`${CDN_URL}/${keyPrefix}2026/11/new.jpg`);
      expect(await storage.getUniqueFileName({ name: 'other.jpg' }, '2026/11')).toBe('2026/11/other.jpg');
    }
  });

  test('number the uploads of a taken name by what they have themselves', async () => {
    for (let count = 0; count < 5; count += 1) {
      const upload = await uploads.file('x.jpg', 'x', 'image/jpeg');
      await tenant('seventeen').storage.save(upload, '2026/11');
      await tenant('a/b').storage.save(upload, '2026/11');
    }
    for (const name of ['seven', 'a', 'a/b/content']) {
      const upload = await uploads.file('x.jpg', 'x', 'image/jpeg');
      expect(await tenant(name).storage.save(upload, '2026/11')).toBe(`${CDN_URL}/${name}/${PREFIX}/2026/11/x-2.jpg`);
    }
  });

  test('overwrite and delete their own file only, where all have one of the same name', async () => {
    for (const one of tenants) {
      const before = othersThan(one);
      await one.storage.saveRaw(Buffer.from('overwritten'), SIZE);
      expect((await one.storage.read({ path: SIZE })).toString()).toBe('overwritten');
      await one.storage.delete(SIZE);
      await one.storage.delete('x.jpg', '2026/11');
      await one.storage.delete(FILE);
      expect(await one.storage.exists(FILE)).toBe(false);
      expect(othersThan(one)).toEqual(before);
    }
    expect(tenants.flatMap(trespasses)).toEqual([]);
  });

  test('refuse the address of a file of another, and read their own', async () => {
    const seven = tenant('seven');
    const before = othersThan(seven);
    const addressOf = ({ keyPrefix }: Tenant) => `${CDN_URL}/${keyPrefix}${FILE}`;
    expect(seven.storage.urlToPath(addressOf(seven))).toBe(FILE);
    expect((await seven.storage.read({ path: addressOf(seven) })).toString()).toBe('of seven');
    for (const other of tenants.filter((one) => one !== seven)) {
      const refusal = expect.objectContaining({ errorType: 'IncorrectUsageError' });
      expect(() => seven.storage.urlToPath(addressOf(other))).toThrow(refusal);
      await expect(seven.storage.read({ path: addressOf(other) })).rejects.toEqual(refusal);
      await expect(seven.storage.saveRaw(Buffer.from('x'), addressOf(other))).rejects.toEqual(refusal);
      await expect(seven.storage.delete(addressOf(other))).rejects.toEqual(refusal);
    }
    expect(othersThan(seven)).toEqual(before);
    expect(await seven.storage.exists(FILE)).toBe(true);
    expect(trespasses(seven)).toEqual([]);
  });

  test('write into no prefix but that of their own kind: images, media and files', async () => {
    const credentials = server.credentials;
    for (const staticFileURLPrefix of ['content/images', 'content/media', 'content/files']) {
      const storage = createAdapter({ ...server, credentials }, BUCKET, { tenantPrefix: 'seven', staticFileURLPrefix });
      await storage.saveRaw(Buffer.from('x'), '../../eight/content/images/y.jpg').catch(() => undefined);
      await storage.saveRaw(Buffer.from('x'), 'y.jpg');
      await storage.save(await uploads.file('z.jpg', 'z'), '2026/11');
    }
    const keys = server.requests.filter(({ method }) => method === 'PUT').map(({ key }) => key);
    expect(keys).toHaveLength(6);
    expect(keys.filter((key) => !/^seven\/content\/(images|media|files)\/[\w/.]+$/.test(key ?? ''))).toEqual([]);
  });
});

// Those that broke some server once; hostile-paths.test.ts makes more of them.
describe('a blog cannot reach the files of another', () => {
  const spellings = [
    'eight/content/images/2026/11/x.jpg',
    '/eight/content/images/2026/11/x.jpg',
    '//eight//content//images//2026//11//x.jpg',
    '../eight/content/images/2026/11/x.jpg',
    '../../../eight/content/images/2026/11/x.jpg',
    '/../../eight/content/images/2026/11/x.jpg',
    '2026/11/../../../../../eight/content/images/2026/11/x.jpg',
    '..%2f..%2f..%2feight%2fcontent%2fimages%2f2026%2f11%2fx.jpg',
    '%2e%2e/%2e%2e/%2e%2e/eight/content/images/2026/11/x.jpg',
    '%252e%252e%252f%252e%252e%252feight/content/images/2026/11/x.jpg',
    '..\\..\\..\\eight\\content\\images\\2026\\11\\x.jpg',
    '..%5c..%5ceight%5ccontent%5cimages%5cx.jpg',
    '....//....//eight/content/images/2026/11/x.jpg',
    './../.././eight/content/images/2026/11/x.jpg',
    'content/images/../../../eight/content/images/2026/11/x.jpg',
    'seven/content/images/../../../eight/content/images/2026/11/x.jpg',
    'seven/../eight/content/images/2026/11/x.jpg',
    `${CDN_URL}/eight/content/images/2026/11/x.jpg`,
    `${CDN_URL}/seven/../eight/content/images/2026/11/x.jpg`,
    `${CDN_URL}/seven/content/images/..%2f..%2f..%2feight/content/images/2026/11/x.jpg`,
    `${CDN_URL}/seven/content/images//../../../eight/content/images/2026/11/x.jpg`,
    'https://eight.example.com/content/images/2026/11/x.jpg',
    'http://user:password@127.0.0.1/eight/content/images/2026/11/x.jpg',
    'file:///eight/content/images/2026/11/x.jpg',
    's3://shared-bucket/eight/content/images/2026/11/x.jpg',
    '/var/lib/ghost/eight/content/images/2026/11/x.jpg',
    'teen/content/images/2026/11/x.jpg',
    'size/w600/../../../../../eight/content/images/size/w600/2026/11/x.jpg',
    '/size/w600/eight/content/images/size/w600/2026/11/x.jpg',
    'x.jpg\0/../../eight/content/images/2026/11/x.jpg',
    'eight/content/images/2026/11/x.jpg?tenant=eight',
    '?/../../../eight/content/images/2026/11/x.jpg',
    '#/../../../eight/content/images/2026/11/x.jpg',
    '..;/..;/eight/content/images/2026/11/x.jpg',
    '。。/。。/eight/content/images/2026/11/x.jpg',
    '..%c0%af..%c0%afeight/content/images/2026/11/x.jpg',
    '',
    '/',
    '.',
    '..',
    '*',
    '%',
  ];

  test.each(spellings)('by the spelling %j, with any method', async (spelling) => {
    const seven = tenant('seven');
    const before = othersThan(seven);
    await tryEverything(seven, spelling);
    expect(trespasses(seven)).toEqual([]);
    expect(othersThan(seven)).toEqual(before);
  });
});
