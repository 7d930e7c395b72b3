import { randomUUID } from 'node:crypto';
import { AdminApi, type UploadFile } from '../support/ghost/admin-api';
import { startCdnStandIn, type CdnStandIn } from '../support/cdn-stand-in';
import { adapterConfig } from '../support/ghost/adapter-config';
import { startGhost, type RunningGhost } from '../support/ghost/boot';
import { installGhost } from '../support/ghost/install';
import { startS3UnderTest, type S3UnderTest } from '../support/s3-under-test';
import { get } from '../support/http-client';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

const GHOSTS = 2;
const UPLOADS_OF_EACH = 20;
const NAMES = ['photo.gif', 'photo-1.gif', 'image.gif', 'Größe.gif'];

describe('two Ghosts, each with a database of its own, on one bucket', () => {
  let s3: S3UnderTest;
  let bucket: string;
  let cdn: CdnStandIn;
  const ghosts: RunningGhost[] = [];
  let admins: AdminApi[];

  beforeAll(async () => {
    const install = await installGhost();
    s3 = await startS3UnderTest();
    bucket = await s3.createBucket();
    const { endpoint, region } = s3;
    const { accessKeyId, secretAccessKey } = s3.credentials;
    const credentials = { accessKeyId, secretAccessKey };
    cdn = await startCdnStandIn({ s3: { endpoint, region, bucket, credentials } });
    const config = adapterConfig({
      bucket,
      region,
      endpoint,
      forcePathStyle: true,
      ...credentials,
      cdnUrl: cdn.url,
      cdnFallbackSecret: randomUUID(),
    });
    for (let count = 0; count < GHOSTS; count += 1) ghosts.push(await startGhost({ install, config }));
    admins = await Promise.all(ghosts.map(({ url }) => AdminApi.setUp(url)));
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all(ghosts.map((ghost) => ghost.stop()));
    await cdn?.close();
    await s3?.close();
  });

  it('give 40 pictures of the same few names, uploaded at once, 40 addresses; none takes the place of another', async () => {
    const uploads = admins.flatMap((admin, ghost) =>
      Array.from({ length: UPLOADS_OF_EACH }, (_, index) => ({
        admin,
        file: picture(NAMES[index % NAMES.length] ?? '', ghost * UPLOADS_OF_EACH + index),
      })),
    );

    const urls = await Promise.all(uploads.map(({ admin, file }) => admin.uploadImage(file)));

    expect(urls).toHaveLength(GHOSTS * UPLOADS_OF_EACH);
    expect(new Set(urls).size).toBe(urls.length);
    const keys = urls.map((url) => new URL(url).pathname.slice(1));
    const originals = keys.map((key) => key.replace(/\.gif$/, '_o.gif'));
    const stored = (await s3.objects(bucket)).map(({ key }) => key);
    expect(stored.sort()).toEqual([...keys, ...originals].sort());
    for (const [index, { file }] of uploads.entries()) {
      const [shown, original] = await Promise.all([get(urls[index] ?? ''), s3.read(bucket, originals[index] ?? '')]);
      expect(shown.body.toString('hex')).toBe(Buffer.from(file.bytes).toString('hex'));
      expect(original.bytes.toString('hex')).toBe(Buffer.from(file.bytes).toString('hex'));
    }
  });
});

/** One pixel in a colour of its own. Ghost's image processing keeps a picture that it cannot make smaller. */
function picture(name: string, number: number): UploadFile {
  const size = [1, 0, 1, 0];
  const bytes = [
    ...Buffer.from('GIF89a'),
    ...size,
    // A palette of two colours.
    ...[0x80, 0, 0],
    ...[number, 255 - number, 128, 0, 0, 0],
    // The only frame, and its pixel in LZW: clear, the first colour, end.
    ...[0x2c, 0, 0, 0, 0, ...size, 0],
    ...[2, 2, 0x44, 0x01, 0],
    0x3b,
  ];
  return { name, bytes: Uint8Array.from(bytes), type: 'image/gif' };
}
