import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { CDN_URL } from '../support/adapter';
import { digest, MIB } from '../support/bytes';
import { get } from '../support/http-client';
import {
  randomNumbers,
  startHostileNetwork,
  type HostileNetwork,
  type HostileNetworkOptions,
} from '../support/hostile-network';
import { useBucket, useUploadFolder } from '../support/use-bucket';

// Between Ghost and S3 anything can happen to a request or its answer. The full size of this is `npm run
// bench:reliability -- network`.

const UPLOADS = 150;
const AT_A_TIME = 8;
const SMALLEST = 1000;
const LARGEST = 12_000_000;
/** How long (ms) an upload that failed may need to clean up, also on a busy machine. */
const CLEANING_UP_MS = 120_000;

const bucket = useBucket();
const uploads = useUploadFolder();
let network: HostileNetwork;

afterEach(() => network.close());

/** Creates an adapter that reaches S3 through a network of that kind. */
async function createAdapterBehind(
  options: HostileNetworkOptions,
  overrides: Record<string, unknown> = {},
): Promise<S3CloudFrontStorage> {
  network = await startHostileNetwork(bucket.server.endpoint, options);
  return bucket.createAdapter({
    endpoint: network.endpoint,
    multipartUploadThresholdBytes: 5 * MIB,
    multipartChunkSizeBytes: 5 * MIB,
    serve: 'stream',
    ...overrides,
  });
}

interface Outcome {
  url?: string;
  isWhole?: boolean;
  error?: Error;
}

/** What S3 itself has at a URL, not read through the network. */
const storedAt = async (url: string) => (await bucket.read(url.slice(CDN_URL.length + 1))).bytes;

/** The unfinished multipart uploads that no process continues, once there was time to clean up. */
async function leftOver(): Promise<unknown[]> {
  const until = Date.now() + CLEANING_UP_MS;
  for (;;) {
    const left = await bucket.multipartUploads();
    if (left.length === 0 || Date.now() > until) {
      return left;
    }
    await sleep(200);
  }
}

test(`${UPLOADS} uploads through a network that fails in 8 ways: what has a URL is whole, what has none was reported`, async () => {
  const logged = jest.spyOn(console, 'error').mockImplementation();
  // Some answers never come.
  const adapter = await createAdapterBehind({ seed: 6 }, { requestTimeoutMs: 4_000 });
  const random = randomNumbers(6);
  const sizes = Array.from({ length: UPLOADS }, () => Math.round(SMALLEST * (LARGEST / SMALLEST) ** random()));
  const outcomes: Outcome[] = [];
  const waiting = [...sizes.entries()];
  const uploadSome = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, size] = next;
      const bytes = randomBytes(size);
      // Three of each name, as cameras give them.
      const file = await uploads.file(`DSC_${index % (UPLOADS / 3)}.jpg`, bytes, 'image/jpeg');
      outcomes.push(
        await adapter.save(file, '2026/11').then(
          async (url) => ({ url, isWhole: digest(await storedAt(url)) === digest(bytes) }),
          (error: Error) => ({ error }),
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, uploadSome));

  const stored = outcomes.filter(({ url }) => url !== undefined);
  expect(stored.filter(({ isWhole }) => !isWhole)).toEqual([]);
  expect(new Set(stored.map(({ url }) => url)).size).toBe(stored.length);
  for (const { error } of outcomes.filter((outcome) => outcome.error)) {
    expect(error).toMatchObject({ errorType: 'InternalServerError', message: expect.stringMatching(/S3/) });
  }
  // What is tried again four times fails rarely.
  expect(stored.length).toBeGreaterThanOrEqual(UPLOADS * 0.9);
  expect(Object.entries(network.injected).filter(([, times]) => times === 0)).toEqual([]);
  expect(await leftOver()).toEqual([]);
  logged.mockRestore();
});

describe('an upload in parts', () => {
  const large = () => uploads.file('clip.mp4', randomBytes(11 * MIB));

  test.each<[string, HostileNetworkOptions]>([
    ['whose beginning was carried out, but not answered', { mishaps: ['reset'], probability: 0.2, seed: 3 }],
    ['that S3 answers with wrong ETags', { mishaps: ['wrong-etag'], probability: 0.2, seed: 3 }],
  ])('%s leaves nothing behind, and what has a URL is whole', async (_, options) => {
    const logged = jest.spyOn(console, 'error').mockImplementation();
    const adapter = await createAdapterBehind(options);
    for (let round = 0; round < 8; round += 1) {
      const file = await large();
      const url = await adapter.save(file, '2026/11').catch((error: Error) => {
        expect(error).toMatchObject({ errorType: 'InternalServerError', code: 'STORAGE_S3_FAILED' });
      });
      if (url) {
        expect(digest(await storedAt(url))).toBe(digest(await readFile(file.path)));
      }
    }
    expect(Object.values(network.injected).some((times) => times > 0)).toBe(true);
    expect(await leftOver()).toEqual([]);
    logged.mockRestore();
  });
});

describe('a read', () => {
  const bytes = randomBytes(300_000);

  test('that was cut short never passes for whole', async () => {
    const adapter = await createAdapterBehind({ mishaps: ['truncated-answer'], probability: 0.5, seed: 2 });
    await bucket.createAdapter().saveRaw(bytes, 'x.jpg');
    const outcomes = [];
    for (let round = 0; round < 12; round += 1) {
      outcomes.push(
        await adapter.read({ path: 'x.jpg' }).then(digest, (error: Error & { errorType?: string }) => error.errorType),
      );
    }
    expect(new Set(outcomes)).toEqual(new Set([digest(bytes), 'InternalServerError']));
  });

  test('that was cut short on its way to a visitor does not end as if it were whole', async () => {
    const adapter = await createAdapterBehind({ mishaps: ['truncated-answer'], probability: 0.5, seed: 2 });
    await bucket.createAdapter().saveRaw(bytes, 'x.jpg');
    const middleware = adapter.serve();
    const site = createServer((request, response) =>
      middleware(request, response, () => response.writeHead(500).end()),
    ).listen(0, '127.0.0.1');
    await once(site, 'listening');
    const { port } = site.address() as AddressInfo;
    const outcomes = [];
    for (let round = 0; round < 12; round += 1) {
      outcomes.push(
        await get(`http://127.0.0.1:${port}/x.jpg`).then(
          ({ body }) => digest(body),
          () => 'broken off',
        ),
      );
    }
    site.close();
    expect(new Set(outcomes)).toEqual(new Set([digest(bytes), 'broken off']));
  });
});
