import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { CDN_URL } from '../support/adapter';
import { digest, MIB } from '../support/bytes';
import { type ForeignAnswer, startHostileNetwork, type HostileNetwork } from '../support/hostile-network';
import { useBucket, useUploadFolder } from '../support/use-bucket';

// S3 is unreachable for a while. Half a minute of it, for every adapter, is `npm run bench:reliability -- outage`.

const AWAY_MS = 3_000;
/** Also for a machine that is busy with other work. */
const SOON_MS = 15_000;

const bucket = useBucket({ per: 'file' });
const uploads = useUploadFolder();
let network: HostileNetwork;
let maintenance: ForeignAnswer | undefined;
let adapter: S3CloudFrontStorage;

beforeAll(async () => {
  network = await startHostileNetwork(bucket.server.endpoint, { mishaps: [], answerInstead: () => maintenance });
  adapter = bucket.createAdapter({ endpoint: network.endpoint, requestTimeoutMs: 2000 });
});

afterAll(() => network.close());

/** Uploads, and looks at what S3 itself has then. */
async function expectUploadWorks(name: string): Promise<void> {
  const bytes = randomBytes(100_000);
  const url = await adapter.save(await uploads.file(name, bytes), '2026/11');
  expect(digest((await bucket.read(url.slice(CDN_URL.length + 1))).bytes)).toBe(digest(bytes));
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
  expect(Date.now() - startedAt).toBeLessThan(SOON_MS);
  await network.bringBack();
  await expectUploadWorks('after.jpg');
});

test('an upload that is started while S3 answers nothing is stored when S3 is back', async () => {
  await network.takeAway('silent');
  const back = sleep(AWAY_MS).then(() => network.bringBack());
  await expectUploadWorks('begun-in-silence.jpg');
  await back;
});

test('while a maintenance page answers, with 200, nothing counts as stored or found, and the next upload works', async () => {
  const headers = { 'content-type': 'text/html', etag: '"1"', 'last-modified': 'Tue, 12 Mar 2024 18:40:50 GMT' };
  await expectUploadWorks('before-maintenance.jpg');
  maintenance = { status: 200, headers, body: '<html><title>Back soon</title></html>' };
  const page = expect.stringContaining('does not answer like S3');
  await expect(adapter.save(await uploads.file('x.jpg', 'x'), '2026/11')).rejects.toMatchObject({ message: page });
  await expect(adapter.exists('before-maintenance.jpg', '2026/11')).rejects.toMatchObject({ message: page });
  await expect(adapter.read({ path: '2026/11/before-maintenance.jpg' })).rejects.toMatchObject({ message: page });
  maintenance = undefined;
  await expectUploadWorks('after-maintenance.jpg');
});

test('a large upload that is cut off leaves its name free, and no parts once S3 is back', async () => {
  const logged = jest.spyOn(console, 'error').mockImplementation();
  const upload = await uploads.file('clip.mp4', randomBytes(64 * MIB));
  // A busy machine cannot answer each part of a large file within 2 s.
  const patient = bucket.createAdapter({ endpoint: network.endpoint });
  const saving = patient.save(upload, '2026/11').catch((error: Error) => error);
  while ((await bucket.multipartUploads()).length === 0) {
    await sleep(5);
  }
  await network.takeAway('refused');
  expect(await saving).toMatchObject({ code: 'STORAGE_S3_UNREACHABLE' });
  await network.bringBack();
  for (let waited = 0; waited < 120_000 && (await bucket.multipartUploads()).length > 0; waited += 200) {
    await sleep(200);
  }
  expect(await bucket.multipartUploads()).toEqual([]);
  const url = await patient.save(upload, '2026/11');
  expect(patient.urlToPath(url)).toBe('2026/11/clip.mp4');
  logged.mockRestore();
});
