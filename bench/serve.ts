import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './support/benchmark';
import { drawChart } from './support/charts';
import { withContenders } from './support/contenders';
import { AT_SOME_DISTANCE } from './support/places';
import { publish, type Row } from './support/results';
import { onAws } from './support/s3-server';
import { median } from './support/statistics';
import type { StorageName } from './support/storages';
import { fetchFrom, portOf, serveCrowds } from './support/visitors';

const NAMES: StorageName[] = ['raw request', 'S3CloudFrontStorage', 'ghos3', 'ghost-storage-adapter-s3'];
const IMAGE = { key: '2026/11/picture.jpg', bytes: 200_000 };
const VIDEO = { key: '2026/11/video.mp4', bytes: 50_000_000 };
const ROUNDS = 5;
const IMAGES = 20;
const CLIENTS = 200;
/** How often the clients come in each round: their time depends on how long the process has been running. */
const CROWDS = 6;
/** The position a viewer skips to, and how much a player needs from there, in bytes. */
const SEEK = { from: 40_000_000, bytes: 65_536 };
/** How long (ms) to wait before the seek, until the previous stream's connection to S3 is free. */
const PAUSE_MS = 50;

/** Measures images and videos that Ghost streams from the bucket. */
export const serve: Benchmark = async ({ ghost, place }) => {
  const server = await place.start();
  try {
    await server.createBucket('bench-serve');
    for (const { key, bytes } of [IMAGE, VIDEO]) {
      await server.fill('bench-serve', [`content/images/${key}`], bytes);
    }
    const rows = await withContenders(NAMES, ghost.dir, onAws(server, 'bench-serve'), async (contenders) => {
      const measured = new Map(NAMES.map((name) => [name, new Map<string, number[]>()]));
      const ports = await Promise.all(contenders.map(portOf));
      for (let round = 0; round <= ROUNDS; round += 1) {
        for (const [index, { name }] of contenders.entries()) {
          for (const [column, value] of Object.entries(await measure(ports[index] ?? 0))) {
            const columns = measured.get(name);
            if (round > 0 && columns) {
              columns.set(column, [...(columns.get(column) ?? []), value]);
            }
          }
        }
      }
      return NAMES.map((name): Row => {
        const columns = [...(measured.get(name) ?? [])];
        return { name, values: Object.fromEntries(columns.map(([column, values]) => [column, median(values)])) };
      });
    });
    // Ghost's own storage is not among them: it redirects every request, even those of the CDN.
    const title = `Streaming out of the bucket, ${place.words}`;
    publish({ id: `serve${place.suffix}`, title, rows, compared: 'seek, ms', moreIsBetter: false }, ghost.version);
    if (place === AT_SOME_DISTANCE) {
      await drawChart('serve');
    }
  } finally {
    await server.close();
  }
};

async function measure(port: number): Promise<Record<string, number>> {
  const agent = new Agent({ keepAlive: true });
  const first: number[] = [];
  for (let index = 0; index < IMAGES; index += 1) {
    first.push((await fetchFrom(port, IMAGE.key, agent)).firstByteMs);
  }
  const begin = performance.now();
  const { bytes } = await fetchFrom(port, VIDEO.key, agent);
  const megabytesPerSecond = bytes / 1000 / (performance.now() - begin);
  await sleep(PAUSE_MS);
  const { enoughMs } = await fetchFrom(port, VIDEO.key, agent, SEEK);
  agent.destroy();
  return {
    'first byte, ms': median(first),
    'one stream, MB/s': megabytesPerSecond,
    [`${CLIENTS} clients, ms`]: median(await serveCrowds(port, IMAGE, CLIENTS, CROWDS)),
    'seek, ms': enoughMs,
  };
}
