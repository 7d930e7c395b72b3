import { execFile } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { CDN_URL } from '../support/adapter';
import { type BottomlessOptions, type BottomlessS3, startBottomlessS3 } from '../support/bottomless-s3';
import { MIB } from '../support/bytes';
import type { UploadOrder, UploadReport } from '../support/upload-process';
import { useUploadFolder } from '../support/use-bucket';

// Ghost's importer saves all files of a ZIP file at once.

/** How much memory (bytes) any number of uploads may take. */
const MEMORY_LIMIT_BYTES = 128 * MIB;

const folder = useUploadFolder();
let s3: BottomlessS3;

const start = async (options?: BottomlessOptions) => (s3 = await startBottomlessS3(options));
afterEach(() => s3.close());

/** Uploads files of a size at once, in a process of its own, which may have a limited number of open files. */
async function uploadAtOnce(count: number, bytes: number, openFiles = 20_000): Promise<UploadReport> {
  const file = path.join(folder.path, `${bytes}-bytes`);
  // A file of zeros takes no room on the disk.
  await writeFile(file, '');
  await truncate(file, bytes);
  const order: UploadOrder = {
    options: {
      bucket: 'blog',
      cdnUrl: CDN_URL,
      region: 'us-east-1',
      endpoint: s3.endpoint,
      forcePathStyle: true,
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: 'secret',
    },
    files: Array<string>(count).fill(file),
    name: 'photo-%d.jpg',
    directory: '2026/11',
  };
  const script = path.resolve(__dirname, '../support/upload-process.ts');
  const command = `ulimit -n ${openFiles} && exec "$0" --import tsx "$@"`;
  const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, script, JSON.stringify(order)], {
    maxBuffer: 16 * MIB,
  });
  return JSON.parse(stdout) as UploadReport;
}

/** All were stored, each under a URL of its own and whole, and nothing is left of them. */
function expectAllStored({ urls }: UploadReport, count: number, bytes: number): void {
  expect(new Set(urls).size).toBe(count);
  const stored = urls.map((url) => s3.sizes.get(url.slice(CDN_URL.length + 1)));
  expect(new Set(stored)).toEqual(new Set([bytes]));
  expect(s3.unfinished()).toBe(0);
}

test.each([
  ['40 of 30 MB', 40, 30e6],
  ['60 of 9 MB, which are uploaded in parts', 60, 9e6],
  ['100 of 5 MB, each in one request', 100, 5e6],
])('uploads at once, %s, take at most 128 MB more memory, and all are stored', async (_, count, bytes) => {
  await start();
  const report = await uploadAtOnce(count, bytes);
  expectAllStored(report, count, bytes);
  expect(report.extraBytes).toBeLessThanOrEqual(MEMORY_LIMIT_BYTES);
});

test('1,500 uploads at once are all stored where a process may open 1,024 files', async () => {
  await start({ latencyMs: 20 });
  expectAllStored(await uploadAtOnce(1500, 20_000, 1024), 1500, 20_000);
  expect(s3.mostAtOnce).toBeLessThanOrEqual(40);
});

test('600 uploads at once are all stored on a service that refuses everything for a second after every 100 requests', async () => {
  await start({ restsAfter: 100 });
  expectAllStored(await uploadAtOnce(600, 20_000), 600, 20_000);
  expect(s3.refused).toBeGreaterThan(0);
});
