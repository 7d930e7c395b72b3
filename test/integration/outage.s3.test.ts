import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { CDN_URL, createAdapter, createUploadFolder, type UploadFolder } from '../support/adapter';
import { digest, MIB } from '../support/bytes';
import { startHostileNetwork, type HostileNetwork } from '../support/hostile-network';
import { startS3UnderTest, type S3UnderTest } from '../support/s3-under-test';

// S3 is away for a while. Half a minute of it, for every adapter, is `npm run bench:reliability -- outage`.

jest.setTimeout(60_000);

const AWAY_MS = 3_000;

let server: S3UnderTest;
let network: HostileNetwork;
let uploads: UploadFolder;
let bucket: string;
let adapter: S3CloudFrontStorage;

beforeAll(async () => {
  server = await startS3UnderTest();
  network = await startHostileNetwork(server.endpoint, { mishaps: [] });
  uploads = await createUploadFolder();
  bucket = await server.createBucket();
  adapter = createAdapter({ ...server, endpoint: network.endpoint }, bucket, { requestTimeoutMs: 2000 });
});

afterAll(async () => {
  await uploads.remove();
  await network.close();
  await server.close();
});

/** Uploads, and looks at what S3 itself has then. */
async function expectUploadWorks(name: string): Promise<void> {
  const bytes = randomBytes(100_000);
  const url = await adapter.save(await uploads.file(name, bytes), '2026/11');
  expect(digest((await server.read(bucket, url.slice(CDN_URL.length + 1))).bytes)).toBe(digest(bytes));
}

test('while connections are refused the editor is told so within seconds, and the next upload works', async () => {
  await expectUploadWorks('before.jpg');
  await network.takeAway('refused');
  const startedAt = Date.now();
  await expect(adapter.save(await uploads.file('meanwhile.jpg', 'x'), '2026/11')).rejects.toMatchObject({
    errorType: 'InternalServerError',
    code: 'STORAGE_S3_UNREACHABLE',
    message: expect.stringContaining('S3 cannot be reached (ECONNREFUSED)'),
  });
  expect(Date.now() - startedAt).toBeLessThan(AWAY_MS);
  await network.bringBack();
  await expectUploadWorks('after.jpg');
});

test('an upload that is begun while S3 answers nothing is stored when S3 is back', async () => {
  await network.takeAway('silent');
  const back = sleep(AWAY_MS).then(() => network.bringBack());
  await expectUploadWorks('begun-in-silence.jpg');
  await back;
});

test('a large upload that is cut off leaves its name free, and no parts once S3 is back', async () => {
  const logged = jest.spyOn(console, 'error').mockImplementation();
  const upload = await uploads.file('clip.mp4', randomBytes(64 * MIB));
  const saving = adapter.save(upload, '2026/11').catch((error: Error) => error);
  while ((await server.multipartUploads(bucket)).length === 0) {
    await sleep(5);
  }
  await network.takeAway('refused');
  expect(await saving).toMatchObject({ code: 'STORAGE_S3_UNREACHABLE' });
  await network.bringBack();
  for (let waited = 0; waited < 15_000 && (await server.multipartUploads(bucket)).length > 0; waited += 200) {
    await sleep(200);
  }
  expect(await server.multipartUploads(bucket)).toEqual([]);
  const url = await adapter.save(upload, '2026/11');
  expect(adapter.urlToPath(url)).toBe('2026/11/clip.mp4');
  logged.mockRestore();
});
