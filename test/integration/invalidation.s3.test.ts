import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import {
  startCloudFrontRecorder,
  type CloudFrontRecorder,
  type RecordedInvalidation,
} from '../support/cloudfront-recorder';
import type { EndingOrder } from '../support/ending-process';
import { useBucket, useUploadFolder } from '../support/use-bucket';

/** How long the adapter gathers paths. */
const BATCH_MS = 500;
/** Longer than that. */
const GATHERED_MS = 800;
/** Far less than it takes to wait for CloudFront, also on a machine that is busy with other work. */
const SOON_MS = 20_000;
const PATIENCE_MS = 120_000;

const bucket = useBucket();
const uploads = useUploadFolder();
let cloudfront: CloudFrontRecorder;
let distributionId: string;
let storage: S3CloudFrontStorage;
let logged: jest.SpyInstance;

beforeAll(async () => {
  cloudfront = await startCloudFrontRecorder();
  process.env.AWS_ENDPOINT_URL_CLOUDFRONT = cloudfront.endpoint;
});

beforeEach(() => {
  // Each distribution gathers its own paths, so that no test gets what another left.
  distributionId = `E${randomBytes(6).toString('hex').toUpperCase()}`;
  storage = adapter();
  logged = jest.spyOn(console, 'error').mockImplementation();
});

afterEach(() => {
  logged.mockRestore();
});

afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_CLOUDFRONT;
  await cloudfront.close();
});

function adapter(overrides: Record<string, unknown> = {}): S3CloudFrontStorage {
  return bucket.createAdapter({ distributionId, ...overrides });
}

/** What CloudFront was asked for this test's distribution. */
function asked(): RecordedInvalidation[] {
  return cloudfront.invalidations.filter((invalidation) => invalidation.distributionId === distributionId);
}

/** The paths of each call, once as many have arrived as are expected and no more are being gathered. */
async function invalidatedPaths(calls: number): Promise<string[][]> {
  await arrived(calls);
  await sleep(GATHERED_MS);
  return asked().map(({ paths }) => paths);
}

async function arrived(calls: number): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; asked().length < calls && Date.now() < deadline;) {
    await sleep(20);
  }
}

/** Makes changes whose paths are gathered until the last one is made, however busy the machine is. */
async function atOneTime(changes: () => Promise<unknown>): Promise<void> {
  const { setTimeout: start } = globalThis;
  const sends: (() => void)[] = [];
  const timers = jest.spyOn(globalThis, 'setTimeout').mockImplementation((run: () => void, ms?: number) => {
    if (ms !== BATCH_MS) return start(run, ms);
    sends.push(run);
    return start(run, PATIENCE_MS);
  });
  try {
    await changes();
  } finally {
    timers.mockRestore();
  }
  sends.forEach((send) => send());
}

describe('the CDN keeps what it has when', () => {
  test('new files are uploaded, also under a name that is taken', async () => {
    await storage.save(await uploads.file('x.jpg', 'one', 'image/jpeg'), '2026/11');
    await storage.save(await uploads.file('x.jpg', 'two', 'image/jpeg'), '2026/11');
    await storage.saveRaw(Buffer.from('three'), '2026/11/x.jpg');
    expect(await invalidatedPaths(0)).toEqual([]);
    expect(await bucket.objects()).toHaveLength(3);
  });

  test('Ghost makes a size that has not been requested yet', async () => {
    await storage.saveRaw(Buffer.from('small'), '/size/w600/2026/11/x.jpg');
    expect(await invalidatedPaths(0)).toEqual([]);
    expect((await storage.read({ path: '/size/w600/2026/11/x.jpg' })).toString()).toBe('small');
  });

  test('files are only looked at', async () => {
    await storage.saveRaw(Buffer.from('x'), '2026/11/x.jpg');
    await storage.exists('x.jpg', '2026/11');
    await storage.read({ path: '2026/11/x.jpg' });
    await storage.getUniqueFileName({ name: 'x.jpg' }, '2026/11');
    expect(await invalidatedPaths(0)).toEqual([]);
  });

  test('a delete has failed: the file is still what it was', async () => {
    const refused = adapter({ secretAccessKey: 'wrong' });
    await expect(refused.delete('x.jpg', '2026/11')).rejects.toThrow();
    expect(await invalidatedPaths(0)).toEqual([]);
  });

  test('no distribution is configured', async () => {
    const before = cloudfront.invalidations.length;
    const without = adapter({ distributionId: undefined });
    await without.saveRaw(Buffer.from('x'), 'size/w600/2026/11/x.jpg');
    await without.saveRaw(Buffer.from('y'), 'size/w600/2026/11/x.jpg');
    await without.delete('size/w600/2026/11/x.jpg');
    await sleep(GATHERED_MS);
    expect(cloudfront.invalidations).toHaveLength(before);
  });
});

describe('the CDN clears', () => {
  test('a file that is deleted: that path, and no other', async () => {
    await storage.saveRaw(Buffer.from('x'), '2026/11/x.jpg');
    await storage.delete('x.jpg', '2026/11');
    expect(await invalidatedPaths(1)).toEqual([['/content/images/2026/11/x.jpg']]);
    expect(asked()).toEqual([
      expect.objectContaining({ status: 201, accessKeyId: bucket.server.credentials.accessKeyId }),
    ]);
  });

  test('a size that Ghost makes again, and it is the new one that is stored', async () => {
    await storage.saveRaw(Buffer.from('old'), '/size/w600/2026/11/x.jpg');
    await storage.saveRaw(Buffer.from('new'), '/size/w600/2026/11/x.jpg');
    expect(await invalidatedPaths(1)).toEqual([['/content/images/size/w600/2026/11/x.jpg']]);
    expect((await storage.read({ path: '/size/w600/2026/11/x.jpg' })).toString()).toBe('new');
  });

  test('a thumbnail that Ghost replaces once: its delete and its save are one call', async () => {
    const media = adapter({ staticFileURLPrefix: 'content/media' });
    await media.save(await uploads.file('clip_thumb.jpg', 'old', 'image/jpeg'), '2026/11');
    let url = '';
    await atOneTime(async () => {
      await media.delete('clip_thumb.jpg', '2026/11');
      url = await media.save(await uploads.file('clip_thumb.jpg', 'new', 'image/jpeg'), '2026/11');
    });
    expect(url).toMatch(/\/content\/media\/2026\/11\/clip_thumb\.jpg$/);
    expect(await invalidatedPaths(1)).toEqual([['/content/media/2026/11/clip_thumb.jpg']]);
  });

  test('a name that was deleted a while ago when it is given again', async () => {
    await storage.delete('x.jpg', '2026/11');
    await arrived(1);
    await sleep(GATHERED_MS);
    await storage.save(await uploads.file('x.jpg', 'again', 'image/jpeg'), '2026/11');
    const path = '/content/images/2026/11/x.jpg';
    expect(await invalidatedPaths(2)).toEqual([[path], [path]]);
    // From then on it is a file like any other.
    await storage.save(await uploads.file('x.jpg', 'another', 'image/jpeg'), '2026/11');
    expect(await invalidatedPaths(2)).toHaveLength(2);
  });

  test('a size that was deleted before, when Ghost creates it again', async () => {
    await storage.saveRaw(Buffer.from('old'), 'size/w600/2026/11/x.jpg');
    await storage.delete('size/w600/2026/11/x.jpg');
    await arrived(1);
    await sleep(GATHERED_MS);
    await storage.saveRaw(Buffer.from('new'), 'size/w600/2026/11/x.jpg');
    const path = '/content/images/size/w600/2026/11/x.jpg';
    expect(await invalidatedPaths(2)).toEqual([[path], [path]]);
  });

  test.each([
    ['über uns+1.jpg', '/content/images/2026/11/%C3%BCber%20uns%2B1.jpg'],
    ['日本 & "x" <y>.jpg', '/content/images/2026/11/%E6%97%A5%E6%9C%AC%20%26%20%22x%22%20%3Cy%3E.jpg'],
    ['logo@2x~(1).png', '/content/images/2026/11/logo@2x~(1).png'],
  ])('%s by the path that visitors ask for, percent-encoded', async (name, encoded) => {
    await storage.delete(name, '2026/11');
    expect(await invalidatedPaths(1)).toEqual([[encoded]]);
  });

  test('the path with what stands before it: the tenant, and the base path of the CDN', async () => {
    await adapter({ tenantPrefix: 'seven', cdnUrl: 'https://cdn.example.com/blogs' }).delete('x.jpg', '2026/11');
    expect(await invalidatedPaths(1)).toEqual([['/blogs/seven/content/images/2026/11/x.jpg']]);
  });

  test('one path, however often and however it was spelled', async () => {
    await atOneTime(async () => {
      await storage.delete('x.jpg', '2026/11');
      await storage.delete('/2026//11/x.jpg?v=1');
      await storage.delete('https://blog.example.com/content/images/2026/11/x.jpg');
    });
    expect(await invalidatedPaths(1)).toEqual([['/content/images/2026/11/x.jpg']]);
  });

  test('what images, media and files have lost at one time in one call', async () => {
    await atOneTime(async () => {
      for (const staticFileURLPrefix of ['content/images', 'content/media', 'content/files']) {
        await adapter({ staticFileURLPrefix }).delete('x', '2026/11');
      }
    });
    expect(await invalidatedPaths(1)).toEqual([
      ['/content/images/2026/11/x', '/content/media/2026/11/x', '/content/files/2026/11/x'],
    ]);
  });
});

describe('a CloudFront that fails does not trouble the editor:', () => {
  const size = 'size/w600/2026/11/x.jpg';
  const sizePath = `/content/images/${size}`;

  /** Overwrites a file and deletes it, and tells how long it took in milliseconds. */
  async function edit(): Promise<number> {
    await storage.saveRaw(Buffer.from('x'), size);
    const startedAt = Date.now();
    await storage.saveRaw(Buffer.from('y'), size);
    expect((await storage.read({ path: size })).toString()).toBe('y');
    await storage.delete(size);
    expect(await storage.exists(size)).toBe(false);
    return Date.now() - startedAt;
  }

  test('too many invalidations under way are tried again, as the same invalidation', async () => {
    cloudfront.failFor(distributionId, 'TooManyInvalidationsInProgress', 1);
    expect(await edit()).toBeLessThan(SOON_MS);
    await arrived(2);
    expect(asked().map(({ status }) => status)).toEqual([400, 201]);
    expect(new Set(asked().map(({ callerReference }) => callerReference)).size).toBe(1);
    expect(logged).not.toHaveBeenCalled();
  });

  test('a service that is unavailable for a moment is asked again, as for the same invalidation', async () => {
    cloudfront.failFor(distributionId, 'ServiceUnavailable', 2);
    expect(await edit()).toBeLessThan(SOON_MS);
    await arrived(3);
    expect(asked().map(({ status }) => status)).toEqual([503, 503, 201]);
    expect(new Set(asked().map(({ callerReference }) => callerReference)).size).toBe(1);
    expect(logged).not.toHaveBeenCalled();
  });

  test.each(['AccessDenied', 'NoSuchDistribution'] as const)('%s is logged once with its fix', async (failure) => {
    cloudfront.failFor(distributionId, failure, Infinity);
    expect(await edit()).toBeLessThan(SOON_MS);
    expect(await invalidatedPaths(1)).toEqual([[sizePath]]);
    expect(logged).toHaveBeenCalledTimes(1);
    const [message] = logged.mock.calls[0] as [string];
    for (const word of [distributionId, sizePath, failure, 'cloudfront:CreateInvalidation']) {
      expect(message).toContain(word);
    }
    expect(message).not.toContain(bucket.server.credentials.secretAccessKey);
  });

  test('one that never answers holds up neither the editor nor what is invalidated later', async () => {
    cloudfront.failFor(distributionId, 'never-answers', 1);
    expect(await edit()).toBeLessThan(SOON_MS);
    await arrived(1);
    await storage.delete('y.jpg', '2026/11');
    await arrived(2);
    const later = '/content/images/2026/11/y.jpg';
    const answers = () => asked().map(({ status, paths }) => ({ status, paths }));
    expect(answers()).toEqual([
      { status: 0, paths: [sizePath] },
      { status: 201, paths: [later] },
    ]);
    cloudfront.hangUp();
    await arrived(3);
    expect(answers()[2]).toEqual({ status: 201, paths: [sizePath] });
  });
});

describe('a Ghost that is told to end', () => {
  async function deleteAndEnd(): Promise<number | null> {
    const script = path.resolve(__dirname, '../support/ending-process.ts');
    const options = bucket.options({ distributionId });
    const order: EndingOrder = { options, name: 'x.jpg', directory: '2026/11', gatheringMs: BATCH_MS };
    const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(order)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, AWS_ENDPOINT_URL_CLOUDFRONT: cloudfront.endpoint },
    });
    await once(child.stdout, 'data');
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill('SIGTERM');
    await arrived(1);
    child.stdin.end();
    return (await exited)[0];
  }

  test('has the CDN clear first what was deleted just before', async () => {
    expect(await deleteAndEnd()).toBe(0);
    expect(asked().map(({ paths }) => paths)).toEqual([['/content/images/2026/11/x.jpg']]);
  });
});
