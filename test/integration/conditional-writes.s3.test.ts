import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { CDN_URL, optionsFor } from '../support/adapter';
import { digest, MIB } from '../support/bytes';
import type { FaultKind } from '../support/in-memory-s3';
import { createContentFolder, runCommand } from '../support/migrate/command';
import type { UploadReport } from '../support/upload-process';
import { useBucket, useInMemoryS3, useUploadFolder } from '../support/use-bucket';

// Services other than AWS show, once per process, whether they keep the condition of a write.

const bucket = useBucket();
const memory = useInMemoryS3();
const uploads = useUploadFolder();
let warn: jest.SpyInstance;

beforeEach(() => {
  warn = jest.spyOn(console, 'warn').mockImplementation();
});

afterEach(() => warn.mockRestore());

const warnings = () => warn.mock.calls.flat().map(String);

const adapterOn = (name: string, overrides?: Record<string, unknown>): S3CloudFrontStorage =>
  bucket.createAdapter({ ...optionsFor(memory, name), ...overrides });

async function save(adapter: S3CloudFrontStorage, name: string, bytes: string | Buffer = name): Promise<string> {
  const url = await adapter.save(await uploads.file(name, bytes), '2026/11');
  return url.slice(CDN_URL.length + 1);
}

/** Runs a step and returns the operations that it made on the in-memory S3. */
async function operationsOf(step: () => Promise<unknown>): Promise<string[]> {
  const before = memory.requests.length;
  await step();
  return memory.requests.slice(before).map(({ operation }) => operation);
}

const stored = (name: string) =>
  [...memory.objects(name)].map(([key, { bytes }]) => [path.posix.basename(key), bytes.toString()]);

test('a free name takes one request from the second upload on, and a taken one is kept', async () => {
  const sent: string[] = [];
  const adapter = bucket.createAdapter();
  await save(adapter, 'first.jpg');
  const { S3Client } = await import('@aws-sdk/client-s3');
  const send = jest.spyOn(S3Client.prototype, 'send');
  const second = await save(adapter, 'second.jpg', 'second');
  sent.push(...send.mock.calls.map(([command]) => command.constructor.name));
  send.mockRestore();
  expect(sent).toEqual(['PutObjectCommand']);
  const third = await save(adapter, 'second.jpg', 'third');
  expect((await bucket.read(second)).bytes.toString()).toBe('second');
  expect((await bucket.read(third)).bytes.toString()).toBe('third');
  expect(warnings()).toEqual([]);
});

test('the first successful upload is written twice, with the same bytes and headers, and no other', async () => {
  const name = memory.newBucket();
  const adapter = adapterOn(name);
  const before = memory.requests.length;
  await save(adapter, 'a.jpg');
  const [first, second, ...others] = memory.requests.slice(before).filter(({ operation }) => operation === 'PutObject');
  expect([first?.status, second?.status, others]).toEqual([200, 412, []]);
  for (const header of ['content-md5', 'content-type', 'cache-control', 'if-none-match', 'x-amz-meta-upload-id']) {
    expect(second?.headers[header]).toBe(first?.headers[header]);
  }
  expect(await operationsOf(() => save(adapter, 'b.jpg'))).toEqual(['PutObject']);
  // Ghost has three instances of the adapter.
  expect(await operationsOf(() => save(adapterOn(name), 'c.jpg'))).toEqual(['PutObject']);
});

test('ten first uploads at once learn it once', async () => {
  const adapter = adapterOn(memory.newBucket());
  const names = Array.from({ length: 10 }, (_, index) => `${index}.jpg`);
  const operations = await operationsOf(() => Promise.all(names.map((file) => save(adapter, file))));
  expect(operations.filter((operation) => operation === 'PutObject')).toHaveLength(11);
  expect(await operationsOf(() => save(adapter, 'last.jpg'))).toEqual(['PutObject']);
});

test('an upload in parts teaches nothing: it is still asked for before its completion', async () => {
  const adapter = adapterOn(memory.newBucket());
  const asked = async () =>
    (await operationsOf(() => save(adapter, 'clip.mp4', Buffer.alloc(9 * MIB)))).filter(
      (name) => name === 'HeadObject',
    );
  expect(await asked()).toHaveLength(2);
  await save(adapter, 'a.jpg');
  await adapter.delete('clip.mp4', '2026/11');
  expect(await asked()).toHaveLength(2);
});

describe.each<[string, FaultKind]>([
  ['409 ConditionalRequestConflict', { status: 409, code: 'ConditionalRequestConflict' }],
  ['403', { status: 403, code: 'AccessDenied' }],
  ['400', { status: 400, code: 'InvalidArgument' }],
  ['304', { status: 304, code: 'NotModified' }],
  ['503', { status: 503, code: 'SlowDown' }],
])('a second write that ends with %s', (_, kind) => {
  test('never fails the upload, teaches nothing, and is tried again with a later upload', async () => {
    const name = memory.newBucket();
    const adapter = adapterOn(name, { maxAttempts: 1 });
    // The first write passes.
    memory.injectFault({ operation: 'PutObject', kind: { delayMs: 0 } });
    memory.injectFault({ operation: 'PutObject', kind });
    expect(await save(adapter, 'a.jpg')).toBe('content/images/2026/11/a.jpg');
    expect(await operationsOf(() => save(adapter, 'b.jpg'))).toEqual(['HeadObject', 'PutObject', 'PutObject']);
    expect(await operationsOf(() => save(adapter, 'c.jpg'))).toEqual(['PutObject']);
    expect(stored(name)).toEqual(['a.jpg', 'b.jpg', 'c.jpg'].map((file) => [file, file]));
    expect(warnings()).toEqual([]);
  });
});

test('a service whose second writes always fail is asked first, and is not tested for ever', async () => {
  const adapter = adapterOn(memory.newBucket(), { maxAttempts: 1 });
  const saveOnce = async (file: string) => {
    memory.injectFault({ operation: 'PutObject', key: `content/images/2026/11/${file}`, kind: { delayMs: 0 } });
    memory.injectFault({ operation: 'PutObject', kind: { status: 500, code: 'InternalError' } });
    const operations = await operationsOf(() => save(adapter, file));
    memory.clearFaults();
    return operations.length;
  };
  expect([await saveOnce('a.jpg'), await saveOnce('b.jpg'), await saveOnce('c.jpg')]).toEqual([3, 3, 3]);
  expect(await saveOnce('d.jpg')).toBe(2);
});

test('a second write whose response is lost changes nothing', async () => {
  for (const conditionalWrites of ['honoured', 'ignored'] as const) {
    const name = memory.newBucket({ conditionalWrites });
    memory.injectFault({ operation: 'PutObject', kind: { delayMs: 0 } });
    memory.injectFault({ operation: 'PutObject', kind: 'reset-after-store' });
    await save(adapterOn(name), 'a.jpg', 'mine');
    expect(stored(name)).toEqual([['a.jpg', 'mine']]);
  }
});

describe.each(['ignored', 'not-implemented'] as const)('a service with conditional writes %s', (conditionalWrites) => {
  test('keeps every upload of one process: 60 of one name, one after the other and at once', async () => {
    const name = memory.newBucket({ conditionalWrites });
    const adapter = adapterOn(name);
    const one = async (index: number) => save(adapter, 'image.png', `bytes ${index}`);
    const keys = [await one(0), await one(1)];
    keys.push(...(await Promise.all(Array.from({ length: 58 }, (_, index) => one(index + 2)))));
    expect(new Set(keys).size).toBe(60);
    expect(keys.map((key) => memory.objects(name).get(key)?.bytes.toString())).toEqual(
      keys.map((_, index) => `bytes ${index}`),
    );
  });

  test('is named in the log with the first upload, with the option and the way out, once', async () => {
    const adapter = adapterOn(memory.newBucket({ conditionalWrites }), {
      endpoint: memory.endpoint.replace('127.0.0.1', 'localhost'),
      requestTimeoutMs: conditionalWrites === 'ignored' ? 29_000 : 28_000,
    });
    await save(adapter, 'a.jpg');
    const [warning, ...others] = warnings();
    expect(warning).toContain('"endpoint" (http://localhost:');
    expect(warning).toContain(
      conditionalWrites === 'ignored' ? 'ignores the condition' : 'does not support conditional',
    );
    expect(warning).toContain('several Ghosts');
    expect(warning).toContain('Run only one Ghost process on this bucket, or use a service with conditional writes.');
    expect(others).toEqual([]);
    await save(adapter, 'b.jpg');
    expect(warnings()).toEqual([warning]);
  });
});

test('3 processes with 60 uploads of one name each, where conditions are ignored: each of them warns', async () => {
  const name = memory.newBucket({ conditionalWrites: 'ignored' });
  const files = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => (await uploads.file('image.png', `bytes ${index}`)).path),
  );
  const script = path.resolve(__dirname, '../support/upload-process.ts');
  const order = { files, name: 'image.png', directory: '2026/11', options: optionsFor(memory, name) };
  const runs = await Promise.all(
    [1, 2, 3].map(() => promisify(execFile)(process.execPath, ['--import', 'tsx', script, JSON.stringify(order)])),
  );
  for (const { stdout, stderr } of runs) {
    expect((JSON.parse(stdout) as UploadReport).urls).toHaveLength(60);
    expect(stderr).toMatch(/ignores the condition.*several Ghosts.*Run only one Ghost process/s);
  }
});

test('migrate learns it with its first file, and then sends one request for each', async () => {
  const name = memory.newBucket();
  const folder = await createContentFolder(optionsFor(memory, name));
  await folder.write(Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`images/${index}.jpg`, `${index}`])));
  const operations = await operationsOf(() => runCommand(folder, { concurrency: '1' }));
  await folder.remove();
  expect(operations.filter((operation) => operation === 'HeadObject')).toHaveLength(1);
  expect(operations.filter((operation) => operation === 'PutObject')).toHaveLength(21);
  expect(stored(name).map(([, bytes]) => digest(Buffer.from(bytes ?? '')))).toHaveLength(20);
});
