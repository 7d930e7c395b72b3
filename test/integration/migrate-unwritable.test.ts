import fs, { chmodSync, chownSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { InMemoryS3 } from '../support/in-memory-s3';
import { runCommand, useContentFolder } from '../support/migrate/command';
import { useBucket } from '../support/use-bucket';

/** A user who is not root. */
const NOBODY = 65534;

const bucket = useBucket({ inMemory: true });
const folder = useContentFolder(bucket);
const memory = () => bucket.server.memory as InMemoryS3;
const inContent = (name: string) => path.join(folder.content, name);
const bringBack = (options = {}) => runCommand(folder, { toLocal: true, ...options });
const downloads = () => memory().requests.filter(({ operation }) => operation === 'GetObject');

async function putFiles(prefix: string, count = 30): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await bucket.put(`content/${prefix}/${index}.jpg`, 'picture');
  }
  // Those of earlier tests are not counted.
  memory().requests.length = 0;
}

afterEach(() => jest.restoreAllMocks());

const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('migrate --to-local, where a folder belongs to another user', () => {
  beforeEach(() => chmodSync(path.dirname(folder.content), 0o777));

  /** Runs a step as a user who is not root. */
  async function asNobody<T>(step: () => Promise<T>): Promise<T> {
    const groups = process.getgroups?.() ?? [];
    process.setgroups?.([NOBODY]);
    process.setegid?.(NOBODY);
    process.seteuid?.(NOBODY);
    try {
      return await step();
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
      process.setgroups?.(groups);
    }
  }

  test('says once who owns the content and how to run the command, and downloads nothing', async () => {
    await putFiles('images/2026');
    await mkdir(inContent('images'));
    const { error, exitCode } = await asNobody(() => bringBack());
    expect([exitCode, error?.message, error?.cure]).toEqual([
      1,
      `The user nobody cannot write to ${inContent('images')} (EACCES). It belongs to the user 0. Nothing was downloaded.`,
      expect.stringMatching(/with sudo:\n.*migrate --to-local --config/),
    ]);
    expect(downloads()).toEqual([]);
  });

  test('finds a folder of a feature that cannot be created', async () => {
    await putFiles('media/2026');
    await mkdir(inContent('images'));
    chownSync(inContent('images'), NOBODY, NOBODY);
    const { error } = await asNobody(() => bringBack());
    expect(error?.message).toContain(`cannot write to ${folder.content} (`);
    expect([await readdir(folder.content), downloads()]).toEqual([['images'], []]);
  });

  test('finds one folder of root among those of the blog before the first download, also as root', async () => {
    await putFiles('images/2025');
    await putFiles('images/2026');
    await mkdir(inContent('images/2025'), { recursive: true });
    await mkdir(inContent('images/2026'));
    for (const name of ['', 'images', 'images/2025']) {
      chownSync(inContent(name), NOBODY, NOBODY);
    }
    memory().requests.length = 0;
    const asTheOwner = () => asNobody(() => bringBack({ report: undefined }));
    for (const run of [bringBack, asTheOwner]) {
      const { error } = await run();
      expect(error?.message).toContain(`cannot write to ${inContent('images/2026')} (`);
      expect(error?.message).toContain('It belongs to the user 0. Nothing was downloaded.');
      expect(error?.cure).toContain(`sudo chown -R ${NOBODY} ${inContent('images/2026')}`);
    }
    expect([downloads(), await readdir(inContent('images/2025'))]).toEqual([[], []]);
    chownSync(inContent('images/2026'), NOBODY, NOBODY);
    expect((await asTheOwner()).exitCode).toBe(0);
  });

  test('needs no right to write where nothing is missing', async () => {
    await putFiles('images/2026', 2);
    expect((await bringBack()).exitCode).toBe(0);
    const { exitCode, result } = await asNobody(() => bringBack({ report: undefined }));
    expect([exitCode, result.results]).toMatchObject([0, { present: { files: 2 } }]);
  });
});

describe('migrate --to-local, where the disk takes no file', () => {
  /** Has the disk refuse to create files below content, after some. */
  function refuseFiles(code: string, after: number, isMeant = (_file: string) => true): void {
    const open = fs.openSync;
    let created = 0;
    jest.spyOn(fs, 'openSync').mockImplementation((file, flags, mode) => {
      const isCreated = typeof flags === 'number' && (flags & fs.constants.O_EXCL) !== 0;
      const place = isCreated ? fs.realpathSync(path.dirname(String(file))) : '';
      if (isCreated && isMeant(place) && (created += 1) > after) {
        throw Object.assign(new Error(code), { code, syscall: 'open', path: String(file) });
      }
      return open(file, flags, mode);
    });
  }

  test.each([
    ['EROFS', 'The disk is read-only (EROFS)'],
    ['ENOSPC', 'The disk is full (ENOSPC)'],
  ])('says so once, and downloads nothing: %s', async (code, message) => {
    await putFiles('images/2026');
    await mkdir(inContent('images/2026'), { recursive: true });
    refuseFiles(code, 0);
    const { error, exitCode, lines } = await bringBack();
    expect([exitCode, error?.message, lines]).toEqual([1, expect.stringContaining(message), []]);
    expect(downloads()).toEqual([]);
  });

  test.each(['EROFS', 'ENOSPC'])('stops at once when it happens on the way (%s), and names no file', async (code) => {
    await putFiles('images/2026', 60);
    refuseFiles(code, 10);
    const { error, exitCode, lines } = await bringBack({ concurrency: '4' });
    expect([exitCode, error?.message]).toEqual([1, expect.stringContaining(`(${code})`)]);
    expect(lines.filter(({ result }) => result === 'failed')).toEqual([]);
    expect(lines.length).toBeLessThan(20);
    jest.restoreAllMocks();
    expect((await bringBack()).exitCode).toBe(0);
    await rm(inContent('images'), { recursive: true });
  });

  test('names each file of a folder that is closed on the way, and brings the others', async () => {
    await putFiles('images/2025', 3);
    await putFiles('images/2026', 3);
    refuseFiles('EACCES', 0, (place) => place.endsWith('2026'));
    const { exitCode, result } = await bringBack();
    expect([exitCode, result.results]).toMatchObject([1, { downloaded: { files: 3 }, failed: { files: 3 } }]);
  });
});
