import { randomUUID } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { AdminApi, type UploadFile } from '../support/ghost/admin-api';
import { startCdnStandIn, type CdnStandIn } from '../support/cdn-stand-in';
import { adapterConfig } from '../support/ghost/adapter-config';
import { startGhost, type RunningGhost } from '../support/ghost/boot';
import { installGhost } from '../support/ghost/install';
import { get } from '../support/http-client';
import { listen, stop } from '../support/local-server';
import { fixture } from '../support/fixtures';
import { startS3UnderTest, type S3UnderTest } from '../support/s3-under-test';
import { eventually } from './eventually';
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
  const former = randomUUID();
  /** Ghost's configuration with one secret of the CDN, or two. */
  let configWith: (secret: string | string[]) => ReturnType<typeof adapterConfig>;

  beforeAll(async () => {
    const install = await installGhost();
    s3 = await startS3UnderTest();
    bucket = await s3.createBucket();
    const { endpoint, region } = s3;
    const { accessKeyId, secretAccessKey } = s3.credentials;
    const credentials = { accessKeyId, secretAccessKey };
    cdn = await startCdnStandIn({ s3: { endpoint, region, bucket, credentials } });
    const storage = { bucket, region, endpoint, forcePathStyle: true, ...credentials, cdnUrl: cdn.url };
    configWith = (cdnFallbackSecret) => adapterConfig({ ...storage, cdnFallbackSecret });
    const config = configWith(former);
    for (let count = 0; count < GHOSTS; count += 1) ghosts.push(await startGhost({ install, config }));
    admins = await Promise.all(ghosts.map(({ url }) => AdminApi.setUp(url)));
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all(ghosts.map((ghost) => ghost.stop()));
    await cdn?.close();
    await s3?.close();
  });

  it('give 40 images of the same few names, uploaded at once, 40 addresses; none takes the place of another', async () => {
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

  it('make every size that the CDN asks for while its secret is replaced, and are restarted one after the other', async () => {
    const fresh = randomUUID();
    const [one, other] = ghosts as [RunningGhost, RunningGhost];
    const front = await startFront(ghosts);
    cdn.setGhost({ url: front.url, fallbackSecret: former });
    const visitors = startVisitors();

    for (const ghost of [other, one]) {
      await front.without(ghost, () => ghost.restart(configWith([fresh, former])));
      await visitors.areServed();
    }
    cdn.setGhost({ url: front.url, fallbackSecret: fresh });
    await visitors.areServed();
    await front.without(other, () => other.restart(configWith(fresh)));
    await visitors.areServed();
    const answers = await visitors.leave();
    await front.close();

    expect(answers.filter(({ status, type }) => status !== 200 || type !== 'image/jpeg')).toEqual([]);
    const asked = cdn.requests.filter(({ path }) => path.includes('/size/'));
    expect(asked.map(({ origin }) => origin)).toEqual(answers.map(() => 'ghost'));
    const statusWith = async (secret: string) =>
      (await get(`${other.url}/content/images/2026/11/none.jpg`, { 'x-ghost-cdn-fallback-key': secret })).status;
    expect([await statusWith(fresh), await statusWith(former)]).toEqual([404, 302]);
  });

  /** Starts visitors who ask the CDN for sizes that are not there yet, one after the other. */
  function startVisitors() {
    const answers: { path: string; status: number; type?: string }[] = [];
    let hasLeft = false;
    const visit = async () => {
      for (let count = 0; !hasLeft; count += 1) {
        const name = `2026/11/portrait-${count}.jpg`;
        const Key = `content/images/${name}`;
        const Body = fixture('portrait.jpg').bytes;
        await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentType: 'image/jpeg' }));
        const path = `/content/images/size/w600/${name}`;
        const { status, headers } = await get(cdn.url + path);
        answers.push({ path, status, type: headers['content-type'] });
      }
    };
    const visits = visit();
    return {
      /** Waits for some answers to requests that come from now on. */
      areServed: async () => {
        const before = answers.length;
        await eventually('a size', () => Promise.resolve(answers.length > before + 3 || undefined));
      },
      leave: async () => {
        hasLeft = true;
        await visits;
        return answers;
      },
    };
  }
});

/**
 * Puts a proxy in front of several Ghosts. It takes away what names CloudFront, so that Ghost knows it by the secret alone.
 */
async function startFront(ghosts: RunningGhost[]) {
  let serving = ghosts;
  let turn = 0;
  const open = new Map<RunningGhost | undefined, number>();
  const count = (ghost: RunningGhost | undefined, change: number) => open.set(ghost, (open.get(ghost) ?? 0) + change);
  const server = createServer((request, response) => {
    const ghost = serving[(turn += 1) % serving.length];
    count(ghost, 1);
    response.once('close', () => count(ghost, -1));
    const headers = { ...request.headers, host: `127.0.0.1:${ghost?.port}`, via: undefined, 'user-agent': 'proxy' };
    const { method, url: path } = request;
    httpRequest(
      { host: '127.0.0.1', port: ghost?.port, method, path, headers: withoutUndefined(headers) },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    )
      .once('error', () => response.writeHead(502).end())
      .end();
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    /** Does something with a Ghost that gets no requests in the meantime. */
    async without(ghost: RunningGhost, act: () => Promise<void>): Promise<void> {
      serving = ghosts.filter((candidate) => candidate !== ghost);
      await eventually('the end of its requests', () => Promise.resolve(open.get(ghost) ? undefined : true));
      await act();
      serving = ghosts;
    },
    close: () => stop(server),
  };
}

const withoutUndefined = (headers: Record<string, string | string[] | undefined>) =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));

/** One pixel in a color of its own. Ghost's image processing keeps an image that it cannot make smaller. */
function picture(name: string, number: number): UploadFile {
  const size = [1, 0, 1, 0];
  const bytes = [
    ...Buffer.from('GIF89a'),
    ...size,
    // A palette of two colors.
    ...[0x80, 0, 0],
    ...[number, 255 - number, 128, 0, 0, 0],
    // The only frame, and its pixel in LZW: clear, the first color, end.
    ...[0x2c, 0, 0, 0, 0, ...size, 0],
    ...[2, 2, 0x44, 0x01, 0],
    0x3b,
  ];
  return { name, bytes: Uint8Array.from(bytes), type: 'image/gif' };
}
