import { randomBytes } from 'node:crypto';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateMultipartUploadCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { optionsFor } from '../support/adapter';
import { MIB, digest } from '../support/bytes';
import { useInMemoryS3, useUploadFolder } from '../support/use-bucket';
import { waitUntil } from '../support/wait-until';

// What goes wrong, and what the editor is told: nothing is lost, nothing is overwritten, no secret is shown.

const SECRET = 'marked-secret-access-key';
const BUCKET_ACTIONS = 's3:ListBucket';

const server = useInMemoryS3();
const uploads = useUploadFolder();
let count = 0;

/** An adapter whose user may do only what is listed. */
function createAdapter(
  bucket: string,
  allowed: string[] = ['s3:*'],
  overrides: Record<string, unknown> = {},
): S3CloudFrontStorage {
  const credentials = { accessKeyId: `MARKEDKEY${(count += 1)}`, secretAccessKey: SECRET };
  server.addUser({
    ...credentials,
    policy: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: allowed, Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`] },
      ],
    },
  });
  return new S3CloudFrontStorage(optionsFor({ ...server, credentials }, bucket, overrides));
}

/** A client outside the adapter, like another program that uses the bucket. */
function rawClient(): S3Client {
  const { endpoint, region, credentials } = server;
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true });
}

/** The error of a step that must fail, after a look that no secret is in it. */
async function failureOf(step: Promise<unknown> | (() => Promise<unknown>)): Promise<Record<string, unknown> & Error> {
  const error = await (typeof step === 'function' ? step() : step).then(
    () => {
      throw new Error('it did not fail');
    },
    (reason: Error & Record<string, unknown>) => reason,
  );
  const everything = JSON.stringify(
    Object.fromEntries(Object.getOwnPropertyNames(error).map((name) => [name, error[name]])),
  );
  expect(everything).not.toContain(SECRET);
  expect(everything).not.toMatch(/Signature=/);
  return error;
}

/** Holds back the next beginning of an upload in parts. */
function holdBeginning() {
  let [hasArrived, isReleased] = [false, false];
  const until = () => {
    hasArrived = true;
    return isReleased;
  };
  server.injectFault({ operation: 'CreateMultipartUpload', kind: { until } });
  return {
    reached: () => waitUntil(() => hasArrived),
    release: () => void (isReleased = true),
  };
}

describe('a wrong setting is named, with its fix', () => {
  test('a bucket that does not exist', async () => {
    const adapter = createAdapter('no-such-bucket');
    const upload = await uploads.file('x.jpg', 'x');
    expect(await failureOf(adapter.save(upload))).toMatchObject({
      errorType: 'IncorrectUsageError',
      message: expect.stringContaining('The bucket "no-such-bucket" does not exist. S3 answered 404 NoSuchBucket'),
      help: expect.stringContaining('Correct "bucket"'),
    });
    expect(await failureOf(adapter.read({ path: 'x.jpg' }))).toMatchObject({ errorType: 'IncorrectUsageError' });
  });

  test('a bucket in another region', async () => {
    const adapter = createAdapter(server.newBucket({ region: 'eu-central-1' }));
    const upload = await uploads.file('x.jpg', 'x');
    for (const step of [
      () => adapter.save(upload),
      () => adapter.exists('x.jpg'),
      () => adapter.read({ path: 'x.jpg' }),
    ]) {
      expect(await failureOf(step)).toMatchObject({
        errorType: 'IncorrectUsageError',
        message: expect.stringContaining('is in the region "eu-central-1", not in "us-east-1"'),
        help: expect.stringContaining('Set "region" to "eu-central-1"'),
      });
    }
  });

  test.each([
    [{ accessKeyId: 'UNKNOWNKEY' }, 'S3 does not recognize the access key ID.', '"accessKeyId"'],
    [{ secretAccessKey: 'wrong' }, 'The secret access key does not belong to the access key ID.', '"secretAccessKey"'],
    [{ sessionToken: 'stale' }, 'session token', '"sessionToken"'],
  ])('wrong keys: %j', async (overrides, message, help) => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket, ['s3:*'], overrides);
    const upload = await uploads.file('x.jpg', 'x');
    for (const step of [
      () => adapter.save(upload),
      () => adapter.saveRaw(Buffer.from('x'), 'x.jpg'),
      () => adapter.exists('x.jpg'),
      () => adapter.read({ path: 'x.jpg' }),
      () => adapter.delete('x.jpg'),
      () => adapter.getUniqueFileName({ name: 'x.jpg' }, '2026/11'),
    ]) {
      expect(await failureOf(step)).toMatchObject({
        errorType: 'IncorrectUsageError',
        message: expect.stringContaining(message),
        help: expect.stringContaining(help),
      });
    }
    expect(server.objects(bucket).size).toBe(0);
  });

  test('an ACL on a bucket that allows none', async () => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket, ['s3:*'], { acl: 'public-read' });
    expect(await failureOf(adapter.save(await uploads.file('x.jpg', 'x')))).toMatchObject({
      errorType: 'IncorrectUsageError',
      message: expect.stringContaining('does not allow ACLs, but "acl" is "public-read"'),
      help: expect.stringContaining('Remove "acl"'),
    });
    expect(server.objects(bucket).size).toBe(0);
  });

  test('a storage class that S3 does not recognize', async () => {
    const adapter = createAdapter(server.newBucket(), ['s3:*'], { storageClass: 'LUKEWARM' });
    expect(await failureOf(adapter.save(await uploads.file('x.jpg', 'x')))).toMatchObject({
      message: expect.stringContaining('"LUKEWARM"'),
    });
  });

  test('an endpoint where no server listens', async () => {
    const adapter = createAdapter(server.newBucket(), ['s3:*'], { endpoint: 'http://127.0.0.1:1', maxAttempts: 1 });
    expect(await failureOf(adapter.save(await uploads.file('x.jpg', 'x')))).toMatchObject({
      errorType: 'InternalServerError',
      code: 'STORAGE_S3_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
      help: expect.stringContaining('"endpoint"'),
    });
  });
});

describe('a missing permission is named', () => {
  const step = {
    save: async (adapter: S3CloudFrontStorage) => adapter.save(await uploads.file('x.jpg', 'x'), '2026/11'),
    saveLarge: async (adapter: S3CloudFrontStorage) =>
      adapter.save(await uploads.file('x.mp4', Buffer.alloc(9 * MIB)), '2026/11'),
    saveRaw: (adapter: S3CloudFrontStorage) => adapter.saveRaw(Buffer.from('x'), 'size/w600/x.jpg'),
    exists: (adapter: S3CloudFrontStorage) => adapter.exists('missing.jpg', '2026/11'),
    read: (adapter: S3CloudFrontStorage) => adapter.read({ path: '2026/11/missing.jpg' }),
    delete: (adapter: S3CloudFrontStorage) => adapter.delete('missing.jpg', '2026/11'),
    unique: (adapter: S3CloudFrontStorage) => adapter.getUniqueFileName({ name: 'x.jpg' }, '2026/11'),
  };

  test.each([
    ['save', ['s3:GetObject', BUCKET_ACTIONS], 's3:PutObject'],
    ['saveLarge', ['s3:GetObject', BUCKET_ACTIONS], 's3:PutObject'],
    ['saveRaw', ['s3:GetObject', BUCKET_ACTIONS], 's3:PutObject'],
    ['exists', ['s3:PutObject'], 's3:ListBucket'],
    ['exists', ['s3:GetObject', 's3:PutObject'], 's3:ListBucket'],
    ['read', ['s3:PutObject', BUCKET_ACTIONS], 's3:GetObject'],
    ['read', ['s3:GetObject'], 's3:ListBucket'],
    ['delete', ['s3:GetObject'], 's3:DeleteObject'],
    ['unique', ['s3:GetObject', 's3:PutObject'], 's3:ListBucket'],
  ] as const)('%s with only %j', async (name, allowed, missing) => {
    const adapter = createAdapter(server.newBucket(), [...allowed]);
    const error = await failureOf(step[name](adapter));
    expect(error).toMatchObject({ errorType: 'NoPermissionError', statusCode: 403, code: 'STORAGE_S3_FORBIDDEN' });
    expect(error.message).toContain(missing);
    expect(error.help).toContain(missing);
  });

  test('a 403 is never "absent": an object that may not be seen is not overwritten', async () => {
    const bucket = server.newBucket();
    await createAdapter(bucket).save(await uploads.file('x.jpg', 'there before'), '2026/11');
    const blind = createAdapter(bucket, ['s3:PutObject']);
    expect(await failureOf(blind.save(await uploads.file('x.jpg', 'new'), '2026/11'))).toMatchObject({
      errorType: 'NoPermissionError',
    });
    expect([...server.objects(bucket).values()].map(({ bytes }) => bytes.toString())).toEqual(['there before']);
  });
});

describe('a failing S3', () => {
  test.each([
    ['503 SlowDown', { status: 503, code: 'SlowDown' } as const],
    ['500 InternalError', { status: 500, code: 'InternalError' } as const],
    ['a connection that is reset', 'reset' as const],
    ['a lost answer', 'reset-after-store' as const],
  ])('%s, once: the upload is stored all the same, whole and once', async (_, kind) => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket);
    server.injectFault({ operation: 'PutObject', kind });
    const bytes = randomBytes(100_000);
    const url = await adapter.save(await uploads.file('x.jpg', bytes), '2026/11');
    expect(adapter.urlToPath(url)).toBe('2026/11/x.jpg');
    expect(digest(await adapter.read({ path: '2026/11/x.jpg' }))).toBe(digest(bytes));
    expect(server.objects(bucket).size).toBe(1);
  });

  test.each([
    ['503 SlowDown', { status: 503, code: 'SlowDown' } as const, 'SlowDown'],
    ['connections that are reset', 'reset' as const, 'ECONNRESET'],
  ])('%s, always: the upload fails and says so', async (_, kind, word) => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket, ['s3:*'], { maxAttempts: 2 });
    server.injectFault({ times: Infinity, kind });
    expect(await failureOf(adapter.save(await uploads.file('x.jpg', 'x')))).toMatchObject({
      errorType: 'InternalServerError',
      message: expect.stringContaining(word),
    });
    expect(server.objects(bucket).size).toBe(0);
  });

  test('that never answers is given up after requestTimeoutMs', async () => {
    const adapter = createAdapter(server.newBucket(), ['s3:*'], { requestTimeoutMs: 300, maxAttempts: 1 });
    server.injectFault({ operation: 'PutObject', kind: 'stall' });
    expect(await failureOf(adapter.saveRaw(Buffer.from('x'), 'x.jpg'))).toMatchObject({
      code: 'STORAGE_S3_UNREACHABLE',
      message: expect.stringContaining('TimeoutError'),
    });
  });

  test('that breaks off in the middle of a read fails the read', async () => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket, ['s3:*'], { maxAttempts: 1 });
    await adapter.saveRaw(randomBytes(300_000), 'x.jpg');
    server.injectFault({ operation: 'GetObject', times: Infinity, kind: 'truncate-body' });
    expect(await failureOf(adapter.read({ path: 'x.jpg' }))).toMatchObject({ errorType: 'InternalServerError' });
  });
});

describe('a large upload that fails', () => {
  const large = () => uploads.file('clip.mp4', randomBytes(40 * MIB));

  test.each([
    ['a part is refused', { operation: 'UploadPart', kind: { status: 403, code: 'AccessDenied' } as const }],
    ['S3 goes away', { operation: ['UploadPart', 'CompleteMultipartUpload'], kind: 'reset' as const }],
    [
      'it cannot be completed',
      { operation: 'CompleteMultipartUpload', kind: { status: 500, code: 'InternalError' } as const },
    ],
    [
      'it cannot be started',
      { operation: 'CreateMultipartUpload', kind: { status: 403, code: 'AccessDenied' } as const },
    ],
  ])('because %s leaves no parts and no object, and the name free', async (_, fault) => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket, ['s3:*'], { maxAttempts: 1 });
    server.injectFault({ ...fault, times: Infinity });
    await failureOf(adapter.save(await large(), '2026/11'));
    server.clearFaults();
    expect(server.multipartUploads(bucket)).toEqual([]);
    expect(server.objects(bucket).size).toBe(0);
    const url = await adapter.save(await large(), '2026/11');
    expect(adapter.urlToPath(url)).toBe('2026/11/clip.mp4');
  });

  test('only seems to fail when the answer to its completion is lost, and is stored whole', async () => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket);
    const upload = await large();
    server.injectFault({ operation: 'CompleteMultipartUpload', kind: 'reset-after-store' });
    const url = await adapter.save(upload, '2026/11');
    expect(digest(await adapter.read({ path: adapter.urlToPath(url) }))).toBe(digest(await readFile(upload.path)));
    expect(server.objects(bucket).size).toBe(1);
  });

  test('that is replaced by others in the meantime takes nothing from them', async () => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket);
    const hold = holdBeginning();
    const upload = await large();
    const saving = adapter.save(upload, '2026/11');
    await hold.reached();
    expect(await adapter.exists('clip.mp4', '2026/11')).toBe(false);
    // As another Ghost would: straight into the bucket.
    await rawClient().send(
      new PutObjectCommand({ Bucket: bucket, Key: 'content/images/2026/11/clip.mp4', Body: 'of another' }),
    );
    hold.release();
    const url = await saving;
    expect(adapter.urlToPath(url)).not.toBe('2026/11/clip.mp4');
    expect(server.objects(bucket).get('content/images/2026/11/clip.mp4')?.bytes.toString()).toBe('of another');
    expect(digest(await adapter.read({ path: adapter.urlToPath(url) }))).toBe(digest(await readFile(upload.path)));
    expect(server.multipartUploads(bucket)).toEqual([]);
  });

  test('ends with the first failure: the parts that are left are not sent', async () => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket, ['s3:*'], { maxAttempts: 1, uploadConcurrency: 2 });
    const before = server.requests.length;
    server.injectFault({ operation: 'UploadPart', kind: { status: 403, code: 'AccessDenied' } });
    expect(await failureOf(adapter.save(await large(), '2026/11'))).toMatchObject({ errorType: 'NoPermissionError' });
    const parts = server.requests.slice(before).filter(({ operation }) => operation === 'UploadPart');
    expect(parts.length).toBeLessThanOrEqual(3);
    expect(server.multipartUploads(bucket)).toEqual([]);
  });

  test('does not touch another upload of the name', async () => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket, ['s3:*'], { maxAttempts: 1 });
    await adapter.save(await uploads.file('clip.mp4', 'there before'), '2026/11');
    server.injectFault({ operation: 'UploadPart', times: Infinity, kind: { status: 500, code: 'InternalError' } });
    await failureOf(adapter.save(await large(), '2026/11'));
    expect([...server.objects(bucket)].map(([key, { bytes }]) => [key, bytes.toString()])).toEqual([
      ['content/images/2026/11/clip.mp4', 'there before'],
    ]);
  });

  test('says in the log what it could not clean up', async () => {
    const logged = jest.spyOn(console, 'error').mockImplementation();
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket, ['s3:*'], { maxAttempts: 1 });
    server.injectFault({ operation: 'UploadPart', times: Infinity, kind: { status: 500, code: 'InternalError' } });
    server.injectFault({
      operation: 'AbortMultipartUpload',
      times: Infinity,
      kind: { status: 503, code: 'SlowDown' },
    });
    expect(await failureOf(adapter.save(await large(), '2026/11'))).toMatchObject({
      message: expect.stringContaining('InternalError'),
    });
    expect(logged.mock.calls.flat().join('\n')).toMatch(/parts of an unfinished upload/i);
    logged.mockRestore();
  });

  /** Waits until no upload in parts is left. */
  async function expectNothingLeft(bucket: string): Promise<void> {
    for (let waited = 0; waited < 60_000 && server.multipartUploads(bucket).length > 0; waited += 100) {
      await sleep(100);
    }
    expect(server.multipartUploads(bucket)).toEqual([]);
  }

  test('and cannot be cleaned up is cleaned up a little later', async () => {
    const logged = jest.spyOn(console, 'error').mockImplementation();
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket, ['s3:*'], { maxAttempts: 1 });
    // By its name, because uploads of the tests before may still be cleaned up.
    const key = 'content/images/2026/11/later.mp4';
    server.injectFault({ operation: 'UploadPart', key, kind: { status: 500, code: 'InternalError' } });
    server.injectFault({ operation: 'AbortMultipartUpload', key, kind: 'reset' });
    await failureOf(adapter.save(await uploads.file('later.mp4', randomBytes(9 * MIB)), '2026/11'));
    expect(server.multipartUploads(bucket)).toHaveLength(1);
    await expectNothingLeft(bucket);
    logged.mockRestore();
  });

  test('because its beginning was carried out but never answered leaves nothing behind, and others alone', async () => {
    const bucket = server.newBucket();
    const adapter = createAdapter(bucket, ['s3:*'], { maxAttempts: 1 });
    const other = { Bucket: bucket, Key: 'content/images/2026/11/clip.mp4-of-another' };
    const { UploadId } = await rawClient().send(new CreateMultipartUploadCommand(other));
    server.injectFault({ operation: 'CreateMultipartUpload', kind: 'reset-after-store' });
    await failureOf(adapter.save(await large(), '2026/11'));
    for (let waited = 0; waited < 60_000 && server.multipartUploads(bucket).length > 1; waited += 100) {
      await sleep(100);
    }
    expect(server.multipartUploads(bucket).map(({ uploadId }) => uploadId)).toEqual([UploadId]);
  });

  test('is stored when the answer to its start was lost, and leaves nothing behind', async () => {
    const bucket = server.newBucket();
    const upload = await large();
    server.injectFault({ operation: 'CreateMultipartUpload', kind: 'reset-after-store' });
    await createAdapter(bucket).save(upload, '2026/11');
    expect(digest(server.objects(bucket).get('content/images/2026/11/clip.mp4')?.bytes ?? Buffer.alloc(0))).toBe(
      digest(await readFile(upload.path)),
    );
    await expectNothingLeft(bucket);
  });

  test('is stored after that without the permission to list uploads, too', async () => {
    const bucket = server.newBucket();
    const allowed = ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload', 's3:ListBucket'];
    server.injectFault({ operation: 'CreateMultipartUpload', kind: 'reset-after-store' });
    const url = await createAdapter(bucket, allowed).save(await large(), '2026/11');
    expect(url).toContain('/2026/11/clip.mp4');
    expect(server.objects(bucket).size).toBe(1);
  });

  test.each([
    ['UploadPart', 404, 'NoSuchUpload'],
    ['CompleteMultipartUpload', 400, 'InvalidPart'],
  ])('because S3 has forgotten it or a part of it (%s: %i %s) is sent once more', async (operation, status, code) => {
    const bucket = server.newBucket();
    const upload = await large();
    server.injectFault({ operation, kind: { status, code } });
    const adapter = createAdapter(bucket);
    const url = await adapter.save(upload, '2026/11');
    expect(adapter.urlToPath(url)).toBe('2026/11/clip.mp4');
    expect(digest(await adapter.read({ path: '2026/11/clip.mp4' }))).toBe(digest(await readFile(upload.path)));
    await expectNothingLeft(bucket);
  });
});

describe('a file that is not what it was', () => {
  test('gone before it is read', async () => {
    const bucket = server.newBucket();
    const upload = await uploads.file('x.jpg', 'x');
    await rm(upload.path);
    expect(await failureOf(createAdapter(bucket).save(upload))).toMatchObject({
      errorType: 'InternalServerError',
      code: 'STORAGE_UPLOAD_UNREADABLE',
      message: expect.stringContaining('"x.jpg" could not be read from Ghost\'s temporary folder (ENOENT)'),
      help: expect.stringContaining('has free space'),
    });
    expect(server.objects(bucket).size).toBe(0);
  });

  /** Saves a large file, and spoils it when its parts are about to be sent, one after the other. */
  async function saveAndSpoil(bucket: string, bytes: Buffer, spoil: (file: string) => Promise<void>): Promise<string> {
    const adapter = createAdapter(bucket, ['s3:*'], { uploadConcurrency: 1 });
    const upload = await uploads.file('clip.mp4', bytes);
    const hold = holdBeginning();
    const saving = adapter.save(upload, '2026/11');
    try {
      await Promise.race([hold.reached(), saving]);
      await spoil(upload.path);
    } finally {
      hold.release();
    }
    return saving;
  }

  test('a large one that loses its name while it is sent is stored whole', async () => {
    const bucket = server.newBucket();
    const bytes = randomBytes(40 * MIB);
    await saveAndSpoil(bucket, bytes, (file) => rm(file));
    expect(digest(server.objects(bucket).get('content/images/2026/11/clip.mp4')?.bytes ?? Buffer.alloc(0))).toBe(
      digest(bytes),
    );
  });

  test('a large one that is cut short while it is sent is refused, and leaves nothing behind', async () => {
    const bucket = server.newBucket();
    const saving = saveAndSpoil(bucket, randomBytes(40 * MIB), (file) => truncate(file, 12 * MIB));
    expect(await failureOf(saving)).toMatchObject({
      code: 'STORAGE_UPLOAD_UNREADABLE',
      message: expect.stringContaining(`it ends after ${12 * MIB} bytes`),
    });
    expect(server.objects(bucket).size).toBe(0);
    expect(server.multipartUploads(bucket)).toEqual([]);
  });

  test('an empty file is stored as an empty file', async () => {
    const bucket = server.newBucket();
    await createAdapter(bucket).save(await uploads.file('empty.txt', '', 'text/plain'), '2026/11');
    expect(server.objects(bucket).get('content/images/2026/11/empty.txt')).toMatchObject({
      size: 0,
      contentType: 'text/plain; charset=utf-8',
    });
  });

  test('a full disk on the Ghost side does not matter to the adapter: it writes no file', async () => {
    const bucket = server.newBucket();
    const upload = await uploads.file('clip.mp4', randomBytes(9 * MIB));
    const before = process.env.TMPDIR;
    process.env.TMPDIR = '/dev/full';
    try {
      await createAdapter(bucket).save(upload, '2026/11');
    } finally {
      process.env.TMPDIR = before;
    }
    expect(server.objects(bucket).get('content/images/2026/11/clip.mp4')?.size).toBe(9 * MIB);
  });

  test('a directory in place of a file', async () => {
    expect(
      await failureOf(createAdapter(server.newBucket()).save({ name: 'x.jpg', path: uploads.path })),
    ).toMatchObject({
      code: 'STORAGE_UPLOAD_UNREADABLE',
    });
  });
});

test('a service that speaks no HTTP fails with a clear error', async () => {
  const babbler = net.createServer((socket) => socket.end('220 ready\r\n')).listen(0, '127.0.0.1');
  await new Promise((resolve) => babbler.once('listening', resolve));
  const { port } = babbler.address() as net.AddressInfo;
  const adapter = createAdapter(server.newBucket(), ['s3:*'], { endpoint: `http://127.0.0.1:${port}`, maxAttempts: 1 });
  expect(await failureOf(adapter.saveRaw(Buffer.from('x'), 'x.jpg'))).toMatchObject({
    errorType: 'InternalServerError',
  });
  babbler.close();
});

test('a save after one that failed works', async () => {
  const bucket = server.newBucket();
  const adapter = createAdapter(bucket, ['s3:*'], { maxAttempts: 1 });
  const upload = { name: 'x.jpg', path: path.join(uploads.path, 'again') };
  await failureOf(adapter.save(upload, '2026/11'));
  await writeFile(upload.path, 'now it is there');
  expect(adapter.urlToPath(await adapter.save(upload, '2026/11'))).toBe('2026/11/x.jpg');
});
