import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { truncate } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { CDN_URL } from '../support/adapter';
import { digest, MIB } from '../support/bytes';
import type { UploadOrder, UploadReport } from '../support/upload-process';
import { useBucket, useUploadFolder } from '../support/use-bucket';

const bucket = useBucket();
const uploads = useUploadFolder();

async function uploadInProcess(order: Omit<UploadOrder, 'options'>): Promise<UploadReport> {
  const script = path.resolve(__dirname, '../support/upload-process.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    script,
    JSON.stringify({ ...order, options: bucket.options() }),
  ]);
  return JSON.parse(stdout) as UploadReport;
}

test('100 uploads of one name at once, from 4 processes: 100 objects, each with its own bytes, at 100 URLs', async () => {
  const contents = Array.from({ length: 100 }, () => randomBytes(5000));
  const files = await Promise.all(contents.map(async (bytes) => (await uploads.file('image.png', bytes)).path));
  const quarters = [0, 25, 50, 75].map((from) => files.slice(from, from + 25));
  const reports = await Promise.all(
    quarters.map((quarter) => uploadInProcess({ files: quarter, name: 'image.png', directory: '2026/11' })),
  );
  const urls = reports.flatMap((report) => report.urls);
  expect(new Set(urls).size).toBe(100);
  expect(await bucket.objects('content/images/2026/11/')).toHaveLength(100);
  const stored = await Promise.all(
    urls.map(async (url) => digest((await bucket.read(url.slice(CDN_URL.length + 1))).bytes)),
  );
  expect(stored).toEqual(contents.map(digest));
});

test('an upload of 300 MB takes at most 64 MB more memory, and arrives whole', async () => {
  const { path: file } = await uploads.file('film.mp4', randomBytes(MIB));
  await truncate(file, 300 * MIB);
  const { urls, extraBytes } = await uploadInProcess({ files: [file], name: 'film.mp4', directory: '2026/11' });
  expect(urls).toEqual([`${CDN_URL}/content/images/2026/11/film.mp4`]);
  expect(extraBytes).toBeLessThanOrEqual(64 * MIB);
  const [object] = await bucket.objects('content/images/2026/11/');
  expect(object?.size).toBe(300 * MIB);
  expect(await bucket.multipartUploads()).toEqual([]);
});
