import { createHash, randomBytes } from 'node:crypto';
import dns from 'node:dns';
import { PutObjectCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { parseConfig } from '../../src/core/config';
import { contentMd5 } from '../../src/core/s3/bucket';
import { connect } from '../../src/core/s3/client';
import { createAdapter as createAdapterOn, optionsFor } from '../support/adapter';
import { MIB } from '../support/bytes';
import { type InMemoryS3, startInMemoryS3 } from '../support/in-memory-s3';
import { useInMemoryS3, useUploadFolder } from '../support/use-bucket';
import { aSecondAfter } from '../support/wait-until';

// What reaches S3, request by request: how many, and with which headers.

const server = useInMemoryS3();
const uploads = useUploadFolder();

const createAdapter = (bucket: string, overrides?: Record<string, unknown>) =>
  createAdapterOn(server, bucket, overrides);

/** Puts `howMany` objects into the bucket that have a name already: `photo.jpg`, `photo-1.jpg` … */
async function take(bucket: string, name: string, howMany: number): Promise<void> {
  const { endpoint, region, credentials } = server;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await Promise.all(
    Array.from({ length: howMany }, (_, number) => {
      const Key = `content/images/2026/11/${name}${number ? `-${number}` : ''}.jpg`;
      return client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'taken' }));
    }),
  );
  client.destroy();
}

/** Lets every name lead to this machine: not every resolver knows that those below localhost do. */
function resolveToThisMachine(): jest.SpyInstance {
  const resolver = dns.lookup;
  return jest
    .spyOn(dns, 'lookup')
    .mockImplementation(((_name: string, ...rest: [never, never]) => resolver('127.0.0.1', ...rest)) as never);
}

/** Runs a step and gives the operations that it made. */
async function operationsOf(step: () => Promise<unknown>): Promise<string[]> {
  const before = server.requests.length;
  await step();
  return server.requests.slice(before).map(({ operation }) => operation);
}

const lastRequest = (operation: string) => {
  const request = server.requests.findLast((candidate) => candidate.operation === operation);
  if (!request) {
    throw new Error(`no ${operation}`);
  }
  return request;
};

/** Creates an adapter that has stored something, and so knows what the service does with the condition of a write. */
async function createExperiencedAdapter(bucket: string): Promise<S3CloudFrontStorage> {
  const adapter = createAdapter(bucket);
  await adapter.save(await uploads.file('first.jpg', 'x'), '2020/01');
  return adapter;
}

/** Returns the largest number of requests that were under way at the same time. */
const mostAtOnce = (requests: { startedAtMs: number; endedAtMs: number }[]): number =>
  Math.max(
    ...requests.map(
      ({ startedAtMs }) =>
        requests.filter((other) => other.startedAtMs <= startedAtMs && other.endedAtMs > startedAtMs).length,
    ),
  );

describe('finding a free name', () => {
  test('takes one request when it is free, and two or three for the first upload of a process', async () => {
    const bucket = server.newBucket();
    const upload = await uploads.file('photo.jpg', 'x');
    const save = (adapter: S3CloudFrontStorage) => operationsOf(() => adapter.save(upload, '2026/11'));
    const adapter = createAdapter(bucket);
    expect(await save(adapter)).toEqual(['HeadObject', 'PutObject', 'PutObject']);
    await adapter.delete('photo.jpg', '2026/11');
    expect(await save(adapter)).toEqual(['PutObject']);
  });

  test.each([1, 10, 500])('takes three requests when %d are taken', async (taken) => {
    const bucket = server.newBucket();
    await take(bucket, 'photo', taken);
    const adapter = await createExperiencedAdapter(bucket);
    const upload = await uploads.file('photo.jpg', 'x');
    let url = '';
    const operations = await operationsOf(async () => (url = await adapter.save(upload, '2026/11')));
    expect(operations).toEqual(['PutObject', 'ListObjectsV2', 'PutObject']);
    expect(adapter.urlToPath(url)).toBe(`2026/11/photo-${taken}.jpg`);
  });

  test('takes three requests when more are taken than one listing shows', async () => {
    const bucket = server.newBucket();
    await take(bucket, 'photo', 1200);
    const adapter = await createExperiencedAdapter(bucket);
    const upload = await uploads.file('photo.jpg', 'x');
    let url = '';
    expect(await operationsOf(async () => (url = await adapter.save(upload, '2026/11')))).toHaveLength(3);
    expect(adapter.urlToPath(url)).toMatch(/^2026\/11\/photo-[0-9a-f]{12}\.jpg$/);
  });

  test.each([
    [500, [/-501\.jpg$/, /-502\.jpg$/]],
    [1200, [/-[0-9a-f]{12}\.jpg$/, /-[0-9a-f]{12}\.jpg$/]],
  ])('takes one request from the second upload on when %d are taken, also for two at a time', async (taken, names) => {
    const bucket = server.newBucket();
    await take(bucket, 'photo', taken);
    const adapter = await createExperiencedAdapter(bucket);
    const upload = await uploads.file('photo.jpg', 'x');
    await adapter.save(upload, '2026/11');
    const urls: string[] = [];
    const saveTwo = async () => {
      urls.push(...(await Promise.all([adapter.save(upload, '2026/11'), adapter.save(upload, '2026/11')])));
    };
    expect((await operationsOf(saveTwo)).sort()).toEqual(['PutObject', 'PutObject']);
    expect(urls.sort()).toEqual(names.map((name) => expect.stringMatching(name)));
  });

  test('takes at most four requests when another process has given the next numbers', async () => {
    const bucket = server.newBucket();
    await take(bucket, 'photo', 2);
    const adapter = await createExperiencedAdapter(bucket);
    const upload = await uploads.file('photo.jpg', 'x');
    expect(adapter.urlToPath(await adapter.save(upload, '2026/11'))).toBe('2026/11/photo-2.jpg');
    await take(bucket, 'photo', 9);
    let url = '';
    const operations = await operationsOf(async () => (url = await adapter.save(upload, '2026/11')));
    expect(operations).toEqual(['PutObject', 'ListObjectsV2', 'PutObject']);
    expect(adapter.urlToPath(url)).toBe('2026/11/photo-9.jpg');
  });

  test('finds a name that was deleted free again, as Ghost wants it for a thumbnail that it replaces', async () => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket);
    const upload = await uploads.file('thumbnail.jpg', 'x');
    const save = async () => adapter.urlToPath(await adapter.save(upload, '2026/11'));
    expect([await save(), await save(), await save()]).toEqual([
      '2026/11/thumbnail.jpg',
      '2026/11/thumbnail-1.jpg',
      '2026/11/thumbnail-2.jpg',
    ]);
    await adapter.delete('thumbnail.jpg', '2026/11');
    expect(await save()).toBe('2026/11/thumbnail.jpg');
  });

  test('takes three requests when another process gets the name in the moment since it was asked', async () => {
    const adapter = await createExperiencedAdapter(server.newBucket());
    const upload = await uploads.file('photo.jpg', Buffer.alloc(MIB));
    server.injectFault({ operation: 'PutObject', kind: { status: 412, code: 'PreconditionFailed' } });
    let url = '';
    const operations = await operationsOf(async () => (url = await adapter.save(upload, '2026/11')));
    expect(operations).toEqual(['HeadObject', 'PutObject', 'PutObject']);
    expect(adapter.urlToPath(url)).toMatch(/^2026\/11\/photo-[0-9a-f]{12}\.jpg$/);
  });

  test('takes at most four requests each when 20 upload the same name at the same moment', async () => {
    const bucket = server.newBucket();
    await take(bucket, 'photo', 3);
    const adapter = createAdapter(bucket);
    const contents = await Promise.all(
      Array.from({ length: 20 }, (_, index) => uploads.file('photo.jpg', String(index))),
    );
    const operations = await operationsOf(() => Promise.all(contents.map((upload) => adapter.save(upload, '2026/11'))));
    expect(operations.length).toBeLessThanOrEqual(20 * 4);
    expect(server.objects(bucket).size).toBe(23);
  });

  test.each([
    [0, ['HeadObject']],
    [500, ['HeadObject', 'ListObjectsV2']],
  ])('for getUniqueFileName alone, with %d taken, takes %j', async (taken, expected) => {
    const bucket = server.newBucket();
    await take(bucket, 'photo', taken);
    const adapter = createAdapter(bucket);
    let name = '';
    expect(
      await operationsOf(async () => (name = await adapter.getUniqueFileName({ name: 'photo.jpg' }, '2026/11'))),
    ).toEqual(expected);
    expect(name).toBe(taken ? `2026/11/photo-${taken}.jpg` : '2026/11/photo.jpg');
  });
});

describe('every upload', () => {
  test.each([
    ['an image', 1, PutObjectCommand],
    ['a video', 9 * MIB, UploadPartCommand],
  ])(
    'leaves none of its bytes with the client when it is stored, which keeps the first request of each kind: %s',
    async (_, bytes, Command) => {
      const sent = jest.spyOn(S3Client.prototype, 'send');
      try {
        await createAdapter(server.newBucket()).save(await uploads.file('x.jpg', Buffer.alloc(bytes)));
        const inputs = sent.mock.calls
          .map(([command]) => command)
          .filter((command) => command instanceof Command)
          .map(({ input }) => input as { Key: string; Body?: unknown });
        expect(inputs.length).toBeGreaterThan(0);
        expect(inputs.filter(({ Key, Body }) => !Key.endsWith('x.jpg') || Body !== undefined)).toEqual([]);
      } finally {
        sent.mockRestore();
      }
    },
  );

  test('is written only where nothing is', async () => {
    const bucket = server.newBucket();
    await createAdapter(bucket).save(await uploads.file('x.jpg', 'x'));
    expect(lastRequest('PutObject').headers['if-none-match']).toBe('*');
  });

  test('has a known length and a checksum, and no trailer that other providers do not know', async () => {
    await createAdapter(server.newBucket()).save(await uploads.file('x.jpg', 'known'));
    const { headers } = lastRequest('PutObject');
    expect(headers['content-length']).toBe('5');
    expect(headers['content-md5']).toBeDefined();
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(headers['x-amz-trailer']).toBeUndefined();
  });

  test('sends no ACL, storage class, encryption or disposition unless it is configured', async () => {
    await createAdapter(server.newBucket()).save(await uploads.file('x.jpg', 'x'));
    expect(
      Object.keys(lastRequest('PutObject').headers).filter((name) =>
        /acl|storage-class|encryption|disposition/.test(name),
      ),
    ).toEqual([]);
  });

  test('sends storage class, encryption and ACL when they are configured', async () => {
    const bucket = server.newBucket({ objectOwnership: 'ObjectWriter' });
    const options = {
      storageClass: 'INTELLIGENT_TIERING',
      serverSideEncryption: 'aws:kms',
      kmsKeyId: 'alias/blog',
      acl: 'public-read',
      cacheControl: 'no-cache',
    };
    const expected = {
      'x-amz-storage-class': 'INTELLIGENT_TIERING',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/blog',
      'x-amz-acl': 'public-read',
      'cache-control': 'no-cache',
    };
    const adapter = createAdapter(bucket, options);
    await adapter.save(await uploads.file('x.jpg', 'x'));
    expect(lastRequest('PutObject').headers).toMatchObject(expected);
    await adapter.saveRaw(Buffer.from('x'), 'size/w600/x.jpg');
    expect(lastRequest('PutObject').headers).toMatchObject(expected);
    await adapter.save(await uploads.file('large.mp4', Buffer.alloc(9 * MIB)));
    expect(lastRequest('CreateMultipartUpload').headers).toMatchObject(expected);
  });

  test('with SSE-S3 sends AES256', async () => {
    await createAdapter(server.newBucket(), { serverSideEncryption: 'AES256' }).save(await uploads.file('x.jpg', 'x'));
    expect(lastRequest('PutObject').headers['x-amz-server-side-encryption']).toBe('AES256');
  });
});

describe('large uploads', () => {
  /** Answers the parts a second after so many are under way at the same time. */
  const holdParts = (slow: InMemoryS3, atOnce: number) => {
    const arrived = () => slow.requests.filter(({ operation }) => operation === 'UploadPart').length;
    slow.injectFault({
      operation: 'UploadPart',
      times: Infinity,
      kind: { until: aSecondAfter(() => arrived() >= atOnce) },
    });
  };

  test('go in parts of the configured size, so many at a time', async () => {
    const slow = await startInMemoryS3({ latencyMs: 40 });
    try {
      slow.createBucket('parts');
      holdParts(slow, 3);
      const options = optionsFor(slow, 'parts', {
        multipartUploadThresholdBytes: 6 * MIB,
        multipartChunkSizeBytes: 6 * MIB,
        uploadConcurrency: 3,
      });
      const bytes = randomBytes(40 * MIB);
      await new S3CloudFrontStorage(options).save(await uploads.file('clip.mp4', bytes), '2026/11');
      const parts = slow.requests.filter(({ operation }) => operation === 'UploadPart');
      expect(parts).toHaveLength(7);
      expect(mostAtOnce(parts)).toBe(3);
      // Without TLS, the signature contains a SHA-256, and an MD5 would be one checksum too many.
      expect(parts.filter(({ headers }) => !/^[0-9a-f]{64}$/.test(headers['x-amz-content-sha256'] ?? ''))).toEqual([]);
      expect(parts.filter(({ headers }) => headers['content-md5'] !== undefined)).toEqual([]);
      expect(slow.objects('parts').get('content/images/2026/11/clip.mp4')?.bytes.equals(bytes)).toBe(true);
    } finally {
      await slow.close();
    }
  });

  test('go in eight parts at a time by default, which take exactly the memory that uploads may take', async () => {
    const slow = await startInMemoryS3({ latencyMs: 40, trustsBodies: true });
    try {
      slow.createBucket('parts');
      holdParts(slow, 8);
      const options = optionsFor(slow, 'parts');
      const { multipartChunkSizeBytes, uploadConcurrency, uploadMemoryBytes } = parseConfig(options).config;
      expect(multipartChunkSizeBytes * uploadConcurrency).toBe(uploadMemoryBytes);
      await new S3CloudFrontStorage(options).save(await uploads.file('clip.mp4', Buffer.alloc(80 * MIB)), '2026/11');
      const parts = slow.requests.filter(({ operation }) => operation === 'UploadPart');
      expect(mostAtOnce(parts)).toBe(8);
    } finally {
      await slow.close();
    }
  });

  test('go over connections that are kept', async () => {
    const own = await startInMemoryS3();
    try {
      own.createBucket('kept');
      const options = optionsFor(own, 'kept', { uploadConcurrency: 2 });
      await new S3CloudFrontStorage(options).save(await uploads.file('clip.mp4', Buffer.alloc(40 * MIB)));
      expect(own.requests.filter(({ headers }) => headers.connection !== 'keep-alive')).toEqual([]);
      expect(own.openConnections()).toBeLessThanOrEqual(2);
    } finally {
      await own.close();
    }
  });

  test('take their name with the last request, and only where nothing is by then', async () => {
    const adapter = createAdapter(server.newBucket());
    const upload = await uploads.file('clip.mp4', Buffer.alloc(9 * MIB));
    const operations = await operationsOf(() => adapter.save(upload));
    expect(operations).toEqual([
      'HeadObject',
      'CreateMultipartUpload',
      'UploadPart',
      'UploadPart',
      'HeadObject',
      'CompleteMultipartUpload',
    ]);
    expect(lastRequest('CompleteMultipartUpload').headers['if-none-match']).toBe('*');
  });
});

describe('the connection', () => {
  test('is one client for the three instances of Ghost', async () => {
    const own = await startInMemoryS3();
    try {
      own.createBucket('shared');
      const options = optionsFor(own, 'shared');
      for (const staticFileURLPrefix of ['content/images', 'content/media', 'content/files']) {
        await new S3CloudFrontStorage({ ...options, staticFileURLPrefix }).exists('x.jpg');
      }
      expect(own.openConnections()).toBe(1);
    } finally {
      await own.close();
    }
  });

  test('reaches a bucket by virtual-host style where forcePathStyle is not set', async () => {
    const bucket = server.newBucket();
    const lookup = resolveToThisMachine();
    const adapter = createAdapter(bucket, {
      endpoint: `http://s3.localhost:${server.port}`,
      forcePathStyle: 'false',
    });
    await adapter.saveRaw(Buffer.from('x'), 'x.jpg');
    lookup.mockRestore();
    expect(lastRequest('PutObject')).toMatchObject({
      bucket,
      headers: { host: `${bucket}.s3.localhost:${server.port}` },
    });
  });

  test('uses a session token', async () => {
    const bucket = server.newBucket();
    server.addUser({ accessKeyId: 'TEMPORARY', secretAccessKey: 'temporary-secret', sessionToken: 'temporary-token' });
    const adapter = createAdapter(bucket, {
      accessKeyId: 'TEMPORARY',
      secretAccessKey: 'temporary-secret',
      sessionToken: 'temporary-token',
    });
    await adapter.saveRaw(Buffer.from('x'), 'x.jpg');
    expect(lastRequest('PutObject').accessKeyId).toBe('TEMPORARY');
  });

  test('finds credentials and region in the environment when the configuration has none', async () => {
    const bucket = server.newBucket();
    server.addUser({ accessKeyId: 'FROMENV', secretAccessKey: 'env-secret' });
    const before = { ...process.env };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'FROMENV', AWS_SECRET_ACCESS_KEY: 'env-secret' });
    try {
      await createAdapter(bucket, { accessKeyId: undefined, secretAccessKey: undefined, region: undefined }).saveRaw(
        Buffer.from('x'),
        'x.jpg',
      );
    } finally {
      process.env = before;
    }
    expect(lastRequest('PutObject').accessKeyId).toBe('FROMENV');
  });

  test('tries again as often as configured', async () => {
    const bucket = server.newBucket();
    server.injectFault({ operation: 'PutObject', times: Infinity, kind: { status: 503, code: 'SlowDown' } });
    const adapter = createAdapter(bucket, { maxAttempts: 2 });
    const operations = await operationsOf(() => adapter.saveRaw(Buffer.from('x'), 'x.jpg').catch(() => undefined));
    server.clearFaults();
    expect(operations).toEqual(['PutObject', 'PutObject']);
  });
});

test('a hundred uploads that are tried again leave the others their attempts', async () => {
  const adapter = createAdapter(server.newBucket(), { maxAttempts: 3 });
  const names = Array.from({ length: 150 }, (_, number) => `size/w600/${number}.jpg`);
  for (const name of names) {
    const kind = { status: 500, code: 'InternalError' };
    server.injectFault({ operation: 'PutObject', key: `content/images/${name}`, times: 2, kind });
  }
  const urls = await Promise.all(names.map((name) => adapter.saveRaw(Buffer.from('x'), name)));
  server.clearFaults();
  expect(new Set(urls).size).toBe(names.length);
});

describe('a provider without conditional writes (501)', () => {
  test('keeps a taken name, gives a random suffix, and says so once', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    const bucket = server.newBucket({ conditionalWrites: 'not-implemented' });
    const adapter = createAdapter(bucket);
    expect(adapter.urlToPath(await adapter.save(await uploads.file('photo.jpg', 'first'), '2026/11'))).toBe(
      '2026/11/photo.jpg',
    );
    const second = adapter.urlToPath(await adapter.save(await uploads.file('photo.jpg', 'second'), '2026/11'));
    expect(second).toMatch(/^2026\/11\/photo-[0-9a-f]{12}\.jpg$/);
    expect((await adapter.read({ path: '2026/11/photo.jpg' })).toString()).toBe('first');
    expect((await adapter.read({ path: second })).toString()).toBe('second');
    expect(
      warn.mock.calls.flat().filter((line) => String(line).includes('does not support conditional writes')),
    ).toHaveLength(1);
    warn.mockRestore();
  });

  test('gives no number after another: a second process would give the same one', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    const bucket = server.newBucket({ conditionalWrites: 'not-implemented' });
    await take(bucket, 'photo', 2);
    const adapter = createAdapter(bucket);
    // The first one finds out what the provider cannot do.
    await adapter.save(await uploads.file('photo.jpg', 'first'), '2026/11');
    const second = adapter.urlToPath(await adapter.save(await uploads.file('photo.jpg', 'second'), '2026/11'));
    expect(second).toMatch(/^2026\/11\/photo-[0-9a-f]{12}\.jpg$/);
    warn.mockRestore();
  });

  test('keeps 20 uploads of one name at the same moment apart', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    const bucket = server.newBucket({ conditionalWrites: 'not-implemented' });
    const adapter = createAdapter(bucket);
    const contents = await Promise.all(
      Array.from({ length: 20 }, (_, index) => uploads.file('photo.jpg', `bytes ${index}`)),
    );
    const urls = await Promise.all(contents.map((upload) => adapter.save(upload, '2026/11')));
    expect(new Set(urls).size).toBe(20);
    expect(new Set([...server.objects(bucket).values()].map(({ bytes }) => bytes.toString())).size).toBe(20);
    warn.mockRestore();
  });

  test('is not taken for one after a 501 for another reason', async () => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket);
    server.injectFault({ operation: 'PutObject', times: 2, kind: { status: 501, code: 'NotImplemented' } });
    await expect(adapter.save(await uploads.file('photo.jpg', 'x'), '2026/11')).rejects.toMatchObject({
      message: expect.stringContaining('NotImplemented'),
    });
    await adapter.save(await uploads.file('photo.jpg', 'x'), '2026/11');
    expect(lastRequest('PutObject').headers['if-none-match']).toBe('*');
  });

  test('that ignores the condition keeps 20 uploads of one name at the same moment apart, large ones too', async () => {
    const bucket = server.newBucket({ conditionalWrites: 'ignored' });
    const adapter = createAdapter(bucket);
    const small = await Promise.all(
      Array.from({ length: 20 }, (_, index) => uploads.file('photo.jpg', `bytes ${index}`)),
    );
    const large = await Promise.all(
      Array.from({ length: 4 }, (_, index) => uploads.file('clip.mp4', Buffer.alloc(9 * MIB, index))),
    );
    const urls = await Promise.all([...small, ...large].map((upload) => adapter.save(upload, '2026/11')));
    expect(new Set(urls).size).toBe(24);
    expect(new Set([...server.objects(bucket).values()].map(({ etag }) => etag)).size).toBe(24);
  });

  test('that ignores the condition still keeps what is there', async () => {
    const bucket = server.newBucket({ conditionalWrites: 'ignored' });
    const adapter = createAdapter(bucket);
    await adapter.save(await uploads.file('photo.jpg', 'first'), '2026/11');
    await adapter.save(await uploads.file('photo.jpg', 'second'), '2026/11');
    expect([...server.objects(bucket).values()].map(({ bytes }) => bytes.toString())).toEqual(['first', 'second']);
  });
});

describe('on AWS itself', () => {
  let lookup: jest.SpyInstance;
  let bucket: string;
  let adapter: S3CloudFrontStorage;

  beforeEach(() => {
    lookup = resolveToThisMachine();
    bucket = server.newBucket();
    adapter = createAdapter(bucket, { endpoint: `http://s3.us-east-1.amazonaws.com:${server.port}` });
  });

  afterEach(() => {
    lookup.mockRestore();
  });

  test('a free name takes one request, and a taken one three', async () => {
    const upload = await uploads.file('photo.jpg', 'x');
    expect(await operationsOf(() => adapter.save(upload, '2026/11'))).toEqual(['PutObject']);
    expect(await operationsOf(() => adapter.save(upload, '2026/11'))).toEqual([
      'PutObject',
      'ListObjectsV2',
      'PutObject',
    ]);
    expect([...server.objects(bucket).keys()]).toEqual([
      'content/images/2026/11/photo.jpg',
      'content/images/2026/11/photo-1.jpg',
    ]);
  });

  test('a file of a megabyte or more is sent only after its name was found to be free', async () => {
    const upload = await uploads.file('photo.jpg', Buffer.alloc(MIB));
    expect(await operationsOf(() => adapter.save(upload, '2026/11'))).toEqual(['HeadObject', 'PutObject']);
    expect(await operationsOf(() => adapter.save(upload, '2026/11'))).toEqual([
      'HeadObject',
      'ListObjectsV2',
      'PutObject',
    ]);
  });

  test('at most four requests each when 20 upload the same name at the same moment', async () => {
    const files = await Promise.all(Array.from({ length: 20 }, (_, index) => uploads.file('photo.jpg', String(index))));
    const operations = await operationsOf(() => Promise.all(files.map((upload) => adapter.save(upload, '2026/11'))));
    expect(operations.length).toBeLessThanOrEqual(20 * 4);
    expect(server.objects(bucket).size).toBe(20);
  });

  test('a name that another has got is not taken for ours because an attempt was lost before', async () => {
    await adapter.save(await uploads.file('photo.jpg', 'of another'), '2026/11');
    server.injectFault({ operation: 'PutObject', kind: 'reset' });
    const url = await adapter.save(await uploads.file('photo.jpg', 'ours'), '2026/11');
    expect(adapter.urlToPath(url)).toBe('2026/11/photo-1.jpg');
    expect((await adapter.read({ path: '2026/11/photo.jpg' })).toString()).toBe('of another');
    expect((await adapter.read({ path: '2026/11/photo-1.jpg' })).toString()).toBe('ours');
  });

  test('an upload carries a CRC32 in its header, and no trailer', async () => {
    await adapter.save(await uploads.file('photo.jpg', 'x'));
    const { headers } = lastRequest('PutObject');
    expect(headers['x-amz-checksum-crc32']).toBeDefined();
    expect(headers['content-md5']).toBeUndefined();
    expect(headers['x-amz-trailer']).toBeUndefined();
  });

  test('so does each part of a large one', async () => {
    const bytes = randomBytes(12 * MIB);
    await adapter.save(await uploads.file('clip.mp4', bytes), '2026/11');
    expect(lastRequest('CreateMultipartUpload').headers['x-amz-checksum-algorithm']).toBe('CRC32');
    expect(lastRequest('UploadPart').headers['x-amz-checksum-crc32']).toBeDefined();
    expect(server.objects(bucket).get('content/images/2026/11/clip.mp4')?.bytes.equals(bytes)).toBe(true);
  });

  // What goes to https is looked at before it is sent.
  test.each([
    ['to AWS over https', 'https://s3.us-east-1.amazonaws.com', 'x-amz-checksum-crc32'],
    ['to another service over https', 'https://s3.example.com', 'content-md5'],
    ['over http', 'http://s3.us-east-1.amazonaws.com', 'x-amz-checksum-crc32'],
  ])(
    '%s each part is signed with a checksum, and with a SHA-256 only where TLS does not protect it',
    async (_, url, checksum) => {
      const { endpoint, region, credentials } = server;
      const options = optionsFor({ endpoint, region, credentials }, bucket, { endpoint: url });
      const { sdk, client } = await connect(parseConfig(options).config);
      let headers: Record<string, string> = {};
      const look = () => (args: { request: { headers: Record<string, string> } }) => {
        headers = args.request.headers;
        return Promise.resolve({ response: {}, output: { $metadata: {} } });
      };
      client.middlewareStack.addRelativeTo(look as never, { relation: 'after', toMiddleware: 'httpSigningMiddleware' });
      const Body = Buffer.from('part');
      const ContentMD5 = checksum === 'content-md5' ? contentMd5(Body) : undefined;
      const part = { Bucket: bucket, Key: 'clip.mp4', UploadId: 'id', PartNumber: 1, Body, ContentMD5 };
      await client.send(new sdk.UploadPartCommand(part));
      const signed = url.startsWith('https:') ? 'UNSIGNED-PAYLOAD' : createHash('sha256').update(Body).digest('hex');
      expect(headers['x-amz-content-sha256']).toBe(signed);
      expect(headers[checksum]).toBeDefined();
      expect(headers.authorization).toContain(checksum);
      if (checksum === 'content-md5') {
        await client.send(new sdk.UploadPartCommand({ ...part, ContentMD5: undefined }));
        expect(headers['x-amz-content-sha256']).not.toBe('UNSIGNED-PAYLOAD');
      }
      await client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key: 'x.jpg', Body: Buffer.from('part') }));
      expect(headers['x-amz-content-sha256']).not.toBe('UNSIGNED-PAYLOAD');
    },
  );

  test('the region comes from the environment when the configuration has none, and its absence is explained', async () => {
    const before = { ...process.env };
    const options = { endpoint: `http://s3.us-east-1.amazonaws.com:${server.port}`, region: undefined };
    Object.assign(process.env, { AWS_CONFIG_FILE: '/dev/null', AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined });
    delete process.env.AWS_REGION;
    try {
      await expect(createAdapter(bucket, { ...options, maxAttempts: 1 }).exists('x.jpg')).rejects.toMatchObject({
        errorType: 'IncorrectUsageError',
        message: 'The region of the bucket is unknown.',
        help: expect.stringContaining('Set "region"'),
      });
      process.env.AWS_REGION = 'us-east-1';
      expect(await createAdapter(bucket, { ...options, maxAttempts: 2 }).exists('x.jpg')).toBe(false);
    } finally {
      process.env = before;
    }
  });
});

test('a name that stays taken whatever is tried is refused, and nothing is overwritten', async () => {
  const bucket = server.newBucket();
  const adapter = createAdapter(bucket);
  server.injectFault({ operation: 'PutObject', times: Infinity, kind: { status: 412, code: 'PreconditionFailed' } });
  await expect(adapter.save(await uploads.file('photo.jpg', 'x'), '2026/11')).rejects.toMatchObject({
    errorType: 'InternalServerError',
    code: 'STORAGE_NAME_TAKEN',
    help: expect.stringContaining('Nothing was stored'),
  });
  server.clearFaults();
  expect(server.objects(bucket).size).toBe(0);
});
