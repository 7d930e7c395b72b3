import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MigrateOptions } from '../../src/commands/migrate/settings';
import { MIB } from '../support/bytes';
import { type CloudFrontRecorder, startCloudFrontRecorder } from '../support/cloudfront-recorder';
import { startHostileNetwork } from '../support/hostile-network';
import type { ConditionalWrites, InMemoryS3, StoredObject } from '../support/in-memory-s3';
import { createContentFolder, runCommand, useContentFolder } from '../support/migrate/command';
import { startMigrate } from '../support/migrate/process';
import { exif, exifSegment, hasPlace, jpeg, webp } from '../support/photos';
import { useBucket } from '../support/use-bucket';

const FILE = 'images/2026/11/lake.jpg';
const KEY = `content/${FILE}`;
const PHOTO = jpeg([exifSegment(exif())]);
const LARGE = jpeg([exifSegment(exif())], Buffer.alloc(9 * MIB, 1));
const CLEAN = jpeg([exifSegment(exif('II', []))]);

const bucket = useBucket({ inMemory: true });
const folder = useContentFolder(bucket);

const memory = () => bucket.server.memory as InMemoryS3;
const strip = (options: Partial<MigrateOptions> = {}) => runCommand(folder, { stripLocation: true, ...options });

describe('an upload of another program is never overwritten by the same image without its place', () => {
  const newer = 'a newer upload of another program';

  /** Runs `migrate` while another program replaces the image just before S3 gets a request of a kind for it. */
  async function interrupted(photo: Buffer, conditionalWrites: ConditionalWrites, method: string, isOnDisk: boolean) {
    const name = `service-${randomBytes(6).toString('hex')}`;
    memory().createBucket(name, { conditionalWrites });
    const objects = memory().objects(name);
    await bucket.put('newer', newer);
    await bucket.put(KEY, photo);
    objects.set(KEY, memory().objects(bucket.name).get(KEY) as StoredObject);
    let isReplaced = false;
    const network = await startHostileNetwork(bucket.server.endpoint, {
      mishaps: [],
      answerInstead: (request) => {
        if (!isReplaced && request.method === method && request.url?.includes(`/${KEY}`)) {
          isReplaced = true;
          objects.set(KEY, memory().objects(bucket.name).get('newer') as StoredObject);
        }
        return undefined;
      },
    });
    await folder.write(isOnDisk ? { [FILE]: photo } : { 'images/clean.jpg': CLEAN });
    const { lines } = await strip({ bucket: name, endpoint: network.endpoint });
    await network.close();
    return { isReplaced, stored: objects.get(KEY)?.bytes.toString(), line: lines.find(({ path }) => path === FILE) };
  }

  describe.each([
    ['a photo', PHOTO, 'PUT'],
    ['a large photo', LARGE, 'POST'],
  ] as const)('%s', (_what, photo, write) => {
    test.each([
      ['that honors conditions', 'honoured', write],
      ['that does not implement conditions', 'not-implemented', write],
      ['that ignores conditions', 'ignored', 'HEAD'],
      ...(write === 'POST' ? ([['that ignores conditions, between its parts', 'ignored', 'PUT']] as const) : []),
    ] as const)('on a service %s', async (_service, conditions, method) => {
      expect(await interrupted(photo, conditions, method, true)).toMatchObject({
        isReplaced: true,
        stored: newer,
        line: { result: 'conflict' },
      });
      expect(await interrupted(photo, conditions, method, false)).toMatchObject({ isReplaced: true, stored: newer });
    });
  });
});

describe.each(['honoured', 'not-implemented', 'ignored'] as const)('conditional writes %s', (conditionalWrites) => {
  test('images lose their place, on the disk and only in the bucket', async () => {
    const name = `service-${randomBytes(6).toString('hex')}`;
    memory().createBucket(name, { conditionalWrites });
    const own = await createContentFolder(bucket.options({ bucket: name }));
    await own.write({ [FILE]: PHOTO, 'images/large.jpg': LARGE });
    await runCommand(own);
    await bucket.put('content/images/only-here.jpg', PHOTO);
    const here = memory().objects(bucket.name).get('content/images/only-here.jpg') as StoredObject;
    memory().objects(name).set('content/images/only-here.jpg', here);
    expect((await runCommand(own, { stripLocation: true })).result.results).toMatchObject({ stripped: { files: 3 } });
    expect([...memory().objects(name).values()].filter(({ bytes }) => hasPlace(bytes))).toEqual([]);
    await own.remove();
  });
});

test.each([
  ['the answer to the write is lost', 'reset-after-store'],
  ['S3 refuses the condition although the object is the same', { status: 412, code: 'PreconditionFailed' }],
  ['S3 is busy', { status: 503, code: 'SlowDown' }],
] as const)('the image loses its place when %s', async (_, kind) => {
  await folder.write({ [FILE]: PHOTO });
  await bucket.put(KEY, PHOTO);
  memory().injectFault({ operation: 'PutObject', key: KEY, kind });
  const { exitCode, result } = await strip();
  expect([exitCode, result.results.stripped?.files]).toEqual([0, 1]);
  expect(hasPlace((await bucket.read(KEY)).bytes)).toBe(false);
});

test('an image that cannot be read is named, one that is archived or gone is not, and all others lose their place', async () => {
  const keys = ['archived', 'gone', 'other', 'unreadable'].map((name) => `content/images/${name}.jpg`);
  for (const key of keys) await bucket.put(key, PHOTO);
  const faults = [
    { status: 403, code: 'InvalidObjectState' },
    { status: 404, code: 'NoSuchKey' },
    undefined,
    { status: 400, code: 'BadDigest' },
  ];
  faults.forEach((kind, index) => {
    if (kind) memory().injectFault({ operation: 'GetObject', key: keys[index], kind, times: Infinity });
  });
  await folder.write({ 'images/clean.jpg': CLEAN });
  const { exitCode, result } = await strip();
  expect([exitCode, result.results.stripped?.files]).toEqual([1, 1]);
  expect(result.problems).toMatchObject([{ path: 'images/unreadable.jpg', result: 'failed' }]);
});

describe('from another bucket', () => {
  const copy = (options: Partial<MigrateOptions> = {}) =>
    runCommand(folder, {
      fromUrl: 'https://old.example.com',
      fromBucket: bucket.name,
      bucket: name,
      stripLocation: true,
      ...options,
    });
  /** The new bucket. */
  let name: string;
  const objects = () => memory().objects(name);
  const uploads = () =>
    memory().requests.filter(({ operation }) => ['PutObject', 'CopyObject', 'UploadPart'].includes(operation));
  const located = () =>
    [...objects()].flatMap(([key, { bytes }]) => (hasPlace(bytes) ? [key.replace('content/', '')] : [])).sort();

  beforeEach(async () => {
    name = `new-${randomBytes(6).toString('hex')}`;
    memory().createBucket(name);
    await bucket.put('2026/11/lake.jpg', PHOTO, { ContentType: 'image/jpeg' });
    await bucket.put('2026/11/lake_o.jpg', PHOTO);
    await bucket.put('2026/11/lake.webp', webp([{ type: 'EXIF', data: exif() }]));
    await bucket.put('2026/11/clean.jpg', CLEAN);
    await bucket.put('2026/11/large.jpg', LARGE);
    await bucket.put('2026/11/book.pdf', 'book');
  });

  test('images are copied without their place, verified, and not sent again', async () => {
    const first = await copy({ verify: true });
    expect([first.exitCode, first.lines.every(({ verified }) => verified)]).toEqual([0, true]);
    expect(located()).toEqual(['images/2026/11/lake_o.jpg']);
    expect(objects().get('content/images/2026/11/lake.jpg')).toMatchObject({ contentType: 'image/jpeg' });
    expect(
      first.lines
        .filter(({ withoutLocation }) => withoutLocation)
        .map((line) => line.path)
        .sort(),
    ).toEqual(['images/2026/11/lake.jpg', 'images/2026/11/lake.webp', 'images/2026/11/large.jpg']);
    for (const options of [{ verify: true }, { stripLocation: false }, { stripLocation: false, overwrite: true }]) {
      memory().requests.length = 0;
      const again = await copy(options);
      expect([again.exitCode, new Set(again.lines.map(({ result }) => result))]).toEqual([0, new Set(['present'])]);
      expect(uploads()).toEqual([]);
    }
  });

  test('images that were copied with their place are replaced, and a dry run says so', async () => {
    await copy({ stripLocation: false });
    expect(located()).toHaveLength(4);
    const dry = await copy({ dryRun: true });
    expect(dry.lines.filter(({ result }) => result === 'to-strip')).toHaveLength(3);
    expect(located()).toHaveLength(4);
    const { exitCode, lines } = await copy({ verify: true });
    expect([exitCode, lines.filter(({ result }) => result === 'stripped').length]).toEqual([0, 3]);
    expect(lines.every(({ verified }) => verified)).toBe(true);
    expect(located()).toEqual(['images/2026/11/lake_o.jpg']);
  });

  test('another image with the same name stays', async () => {
    const other = Buffer.from(PHOTO).fill(7, PHOTO.length - 100, PHOTO.length - 10);
    await bucket.put('other', other);
    objects().set('content/images/2026/11/lake.jpg', memory().objects(bucket.name).get('other') as StoredObject);
    const { lines } = await copy();
    expect(lines.find(({ path }) => path === 'images/2026/11/lake.jpg')?.result).toBe('conflict');
    expect(objects().get('content/images/2026/11/lake.jpg')?.bytes).toEqual(other);
  });
});

describe('the former copies on the CDN', () => {
  let cloudfront: CloudFrontRecorder;
  beforeAll(async () => {
    cloudfront = await startCloudFrontRecorder();
    process.env.AWS_ENDPOINT_URL_CLOUDFRONT = cloudfront.endpoint;
  });
  afterAll(async () => {
    delete process.env.AWS_ENDPOINT_URL_CLOUDFRONT;
    await cloudfront.close();
  });

  test('are cleared with one path for all images and one for the sizes of a tenant, where Ghost knows the distribution', async () => {
    const distributionId = `E${randomBytes(6).toString('hex').toUpperCase()}`;
    const own = await createContentFolder(bucket.options({ distributionId, tenantPrefix: 'blog7' }));
    await own.write({ 'images/a.jpg': PHOTO, 'images/b.jpg': PHOTO, 'media/c_thumb.jpg': CLEAN });
    await runCommand(own);
    const { ended } = startMigrate(own, '--strip-location');
    const { code, said } = await ended;
    expect([code, said]).toEqual([
      0,
      expect.stringContaining(
        'CloudFront clears its copies of the replaced images: /blog7/content/images/*, /content/images/size/*',
      ),
    ]);
    const paths = cloudfront.invalidations.filter((one) => one.distributionId === distributionId);
    expect(paths.map((one) => one.paths)).toEqual([['/blog7/content/images/*', '/content/images/size/*']]);
    await own.remove();
  });

  test('are cleared also when the run is stopped', async () => {
    const distributionId = `E${randomBytes(6).toString('hex').toUpperCase()}`;
    const own = await createContentFolder(bucket.options({ distributionId }));
    const names = Array.from({ length: 40 }, (_, index) => `images/${index + 10}.jpg`);
    await own.write(Object.fromEntries(names.map((name) => [name, PHOTO])));
    await runCommand(own);
    memory().injectFault({ operation: 'PutObject', key: 'content/images/49.jpg', kind: 'stall', times: Infinity });
    const { child, ended } = startMigrate(own, '--strip-location', '--concurrency', '1');
    while (hasPlace((await bucket.read('content/images/30.jpg')).bytes)) await nextTurn();
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    const paths = cloudfront.invalidations.filter((one) => one.distributionId === distributionId);
    expect(paths.map((one) => one.paths)).toEqual([['/content/images/*']]);
    await own.remove();
  });

  test('are named with the command that clears them, where it does not, and only if there are some', async () => {
    await folder.write({ 'images/a.jpg': PHOTO });
    expect((await strip({ json: false })).said).not.toContain('create-invalidation');
    await bucket.put('content/images/a.jpg', PHOTO);
    expect((await strip({ json: false })).said).toContain(
      `aws cloudfront create-invalidation --distribution-id "$DISTRIBUTION_ID" --paths '/content/images/*'`,
    );
  });
});
