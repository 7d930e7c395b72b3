import { fixture } from '../test/support/fixtures';
import type { AdminApi } from '../test/support/ghost/admin-api';
import type { Benchmark } from './support/benchmark';
import { startBlog } from './support/blog';
import { publish, type Row } from './support/results';
import { FROM_A_VPS, onAws, startS3Server, type S3Server } from './support/s3-server';
import { median } from './support/statistics';
import type { AdapterName } from './support/storages';

const CDN_URL = 'https://images.example.com';
const SECRET = 'a-secret-between-the-cdn-and-ghost';
const ROUNDS = 7;
const NAMES: AdapterName[] = ['S3CloudFrontStorage', "Ghost's S3Storage"];

/** Measures an image size that is requested for the first time, as a CDN requests it from Ghost. */
export const size: Benchmark = async ({ ghost: install }) => {
  const server = await startS3Server(FROM_A_VPS);
  const rows: Row[] = [];
  try {
    for (const name of NAMES) {
      const bucket = name === 'S3CloudFrontStorage' ? 'bench-size-ours' : 'bench-size-core';
      await server.createBucket(bucket);
      const cdn = { cdnUrl: CDN_URL, cdnFallbackSecret: SECRET };
      const blog = await startBlog(name, install, onAws(server, bucket), cdn);
      try {
        rows.push({ name, values: await measure(server, blog.ghost.url, blog.admin) });
      } finally {
        await blog.stop();
      }
    }
  } finally {
    await server.close();
  }
  const title = 'An image size that is requested for the first time, S3 20 ms away';
  publish({ id: 'size', title, rows, compared: 'waits for S3, ms', moreIsBetter: false }, install.version);
};

async function measure(server: S3Server, site: string, admin: AdminApi): Promise<Row['values']> {
  const found: { requests: number; waits: number; total: number; bytes: number }[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const url = await admin.uploadImage(fixture('landscape.jpg', `picture-${round}.jpg`));
    const path = new URL(url).pathname.replace('/content/images/', '/content/images/size/w600/');
    await server.takeRequests();
    const begin = performance.now();
    const response = await fetch(`${site}${path}`, {
      redirect: 'manual',
      headers: { 'user-agent': 'Amazon CloudFront', 'x-ghost-cdn-fallback-key': SECRET },
    });
    const bytes = (await response.arrayBuffer()).byteLength;
    const total = performance.now() - begin;
    const requests = (await server.takeRequests()) ?? [];
    if (round > 0) {
      found.push({ requests: requests.length, waits: timeInFlight(requests), total, bytes });
    }
  }
  const of = (name: keyof (typeof found)[number]) => median(found.map((each) => each[name]));
  return {
    requests: of('requests'),
    'waits for S3, ms': of('waits'),
    'in all, ms': of('total'),
    'bytes answered': of('bytes'),
  };
}

/** Returns how long at least one request was in flight, in milliseconds. */
function timeInFlight(requests: { startedAtMs: number; endedAtMs: number }[]): number {
  let [sum, until] = [0, 0];
  for (const { startedAtMs, endedAtMs } of requests.toSorted((one, other) => one.startedAtMs - other.startedAtMs)) {
    sum += Math.max(0, endedAtMs - Math.max(startedAtMs, until));
    until = Math.max(until, endedAtMs);
  }
  return sum;
}
