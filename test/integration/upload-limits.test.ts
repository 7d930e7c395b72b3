import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { truncate } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { CDN_URL, optionsFor } from '../support/adapter';
import { MIB } from '../support/bytes';
import type { UploadOrder, UploadReport } from '../support/upload-process';
import { useInMemoryS3, useUploadFolder } from '../support/use-bucket';

// Ghost's importer saves all files of a ZIP file at once.

jest.setTimeout(240_000);

/** How much memory (bytes) any number of uploads may take. */
const MEMORY_LIMIT_BYTES = 128 * MIB;

const server = useInMemoryS3();
const uploads = useUploadFolder();

/** Uploads files in a process of its own, which may have a limited number of open files. */
async function uploadAll(bucket: string, order: Omit<UploadOrder, 'options' | 'directory'>, openFiles = 20_000) {
  const script = path.resolve(__dirname, '../support/upload-process.ts');
  const { stdout } = await promisify(execFile)(
    'sh',
    [
      '-c',
      `ulimit -n ${openFiles} && exec "$0" --import tsx "$@"`,
      process.execPath,
      script,
      JSON.stringify({ ...order, directory: '2026/11', options: optionsFor(server, bucket) }),
    ],
    { maxBuffer: 16 * MIB },
  );
  return JSON.parse(stdout) as UploadReport;
}

/** Returns the sizes of all stored uploads. */
const sizesIn = (bucket: string) =>
  [...server.objects(bucket)].filter(([key]) => key.includes('/2026/11/')).map(([, { size }]) => size);

test.each([
  ['above the size from which files are sent in parts', 40, 30 * MIB],
  ['just above it', 60, 9 * MIB],
  ['below it', 120, 7 * MIB],
])('uploads %s, all at once, take at most 128 MB more memory, and all are stored', async (_, count, size) => {
  const bucket = server.newBucket();
  const { path: file } = await uploads.file('film.mp4', randomBytes(MIB));
  await truncate(file, size);
  const { urls, extraBytes } = await uploadAll(bucket, { files: Array<string>(count).fill(file), name: 'film-%d.mp4' });
  expect(new Set(urls).size).toBe(count);
  expect(sizesIn(bucket)).toEqual(Array<number>(count).fill(size));
  expect(extraBytes).toBeLessThanOrEqual(MEMORY_LIMIT_BYTES);
  server.objects(bucket).clear();
});

test('1,500 uploads at once are all stored where a process may open 1,024 files', async () => {
  const bucket = server.newBucket();
  const { path: file } = await uploads.file('image.png', randomBytes(2000));
  const order = { files: Array<string>(1500).fill(file), name: 'image-%d.png' };
  const { urls } = await uploadAll(bucket, order, 1024);
  expect(urls).toHaveLength(1500);
  expect(urls[7]).toBe(`${CDN_URL}/content/images/2026/11/image-7.png`);
  expect(sizesIn(bucket)).toHaveLength(1500);
});
