import { Agent, get } from 'node:http';
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from '../support/benchmark';
import { drawChart } from '../support/charts';
import { Child } from '../support/child';
import { writeUpload } from '../support/files';
import { publish } from '../support/results';
import { startS3Server } from '../support/s3-server';
import { median } from '../support/statistics';
import type { Sample, SoakOptions } from './soak-process';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 600);
/** Time to warm up: first-time loading and connecting is not a leak. */
const WARM_UP_SHARE = 0.1;
const SECONDS_BETWEEN_SAMPLES = 2;
const FILE_BYTES = [1_000, 30_000, 200_000, 1_500_000, 20_000_000];
const EDITORS = 3;
const VISITORS = 6;
/** Differences up to this are not growth: the work in progress varies. */
const MARGINS = { 'memory, MB': 40, 'heap, MB': 5, sockets: 8, 'file handles': 10 };

type Column = keyof typeof MARGINS;

/** Ten minutes of uploads, sizes and streams, of which visitors abandon a third halfway: nothing may grow. */
export const soak: Benchmark = async ({ ghost, folder }) => {
  const server = await startS3Server({ trustsBodies: true });
  const files = FILE_BYTES.map((bytes) => {
    const file = path.join(folder, `soak-${bytes}`);
    mkdirSync(folder, { recursive: true });
    copyFileSync(writeUpload(folder, bytes), file);
    return file;
  });
  await server.createBucket('bench-soak');
  const options: SoakOptions = {
    storage: { name: 'S3CloudFrontStorage', ghost: ghost.dir, bucket: { ...server, bucket: 'bench-soak' }, folder },
    files,
    editors: EDITORS,
  };
  const script = path.resolve(__dirname, 'soak-process.ts');
  const [child, port] = await Child.start<object, Sample, number>(script, options);
  const visits = { all: 0, left: 0 };
  let paths: string[] = [];
  let isOver = false;
  const visitors = Array.from({ length: VISITORS }, async (_, visitor) => {
    const agent = new Agent({ keepAlive: true });
    for (let visit = visitor; !isOver; visit += 1) {
      const name = paths[(visit * 7) % paths.length];
      if (name === undefined) {
        await sleep(100);
        continue;
      }
      const leaves = visit % 3 === 0;
      await fetchOnce(port, agent, name, { range: visit % 2 === 0 ? undefined : 'bytes=500-', leaves });
      visits.all += 1;
      visits.left += leaves ? 1 : 0;
    }
    agent.destroy();
  });
  const samples: (Sample & { minutes: number })[] = [];
  try {
    for (const begin = performance.now(); performance.now() - begin < SECONDS * 1000;) {
      const sample = await child.ask({});
      if (sample.failures.length > 0) {
        throw new Error(`An upload has failed: ${sample.failures[0]}`);
      }
      ({ paths } = sample);
      samples.push({ ...sample, minutes: (performance.now() - begin) / 60_000 });
      await server.takeRequests();
      await sleep(SECONDS_BETWEEN_SAMPLES * 1000);
    }
  } finally {
    isOver = true;
    await Promise.all(visitors);
    await child.close();
    await server.close();
  }
  await report(samples, visits, ghost.version);
};

/** Fetches as a visitor does; one who `leaves` does so after the first bytes. */
function fetchOnce(
  port: number,
  agent: Agent,
  name: string,
  { range, leaves }: { range?: string; leaves: boolean },
): Promise<void> {
  return new Promise((resolve) => {
    const headers = range === undefined ? {} : { range };
    const request = get({ host: '127.0.0.1', port, path: `/content/images/${name}`, agent, headers }, (response) => {
      response.once('data', () => leaves && response.destroy());
      response.resume();
      response.once('close', resolve);
    });
    request.once('error', () => resolve());
  });
}

/** Returns the median of each column for each half minute, for the chart. */
function pointsOf(
  samples: (Sample & { minutes: number })[],
  columns: Record<Column, (sample: Sample) => number>,
): Record<string, number>[] {
  const halves = [...new Set(samples.map(({ minutes }) => Math.floor(minutes * 2)))];
  return halves.map((half) => {
    const those = samples.filter(({ minutes }) => Math.floor(minutes * 2) === half);
    const values = Object.entries(columns).map(([column, valueOf]) => [column, median(those.map(valueOf))] as const);
    return { minutes: (half + 1) / 2, ...Object.fromEntries(values) };
  });
}

async function report(
  samples: (Sample & { minutes: number })[],
  visits: { all: number; left: number },
  ghostVersion: string,
): Promise<void> {
  const columns: Record<Column, (sample: Sample) => number> = {
    'memory, MB': ({ rssBytes }) => rssBytes / 1e6,
    'heap, MB': ({ heapBytes }) => heapBytes / 1e6,
    sockets: ({ sockets }) => sockets,
    'file handles': ({ fileHandles }) => fileHandles,
  };
  const warm = samples.slice(Math.ceil(samples.length * WARM_UP_SHARE));
  const third = Math.floor(warm.length / 3);
  const values: Record<string, number> = {
    minutes: SECONDS / 60,
    uploads: samples.at(-1)?.uploads ?? 0,
    streams: visits.all,
    'left in the middle': visits.left,
  };
  const grown: string[] = [];
  for (const [column, valueOf] of Object.entries(columns) as [Column, (sample: Sample) => number][]) {
    const first = median(warm.slice(0, third).map(valueOf));
    const last = median(warm.slice(-third).map(valueOf));
    values[`${column}: first third`] = first;
    values[`${column}: last third`] = last;
    if (last > first + MARGINS[column]) {
      grown.push(`${column}: ${first} → ${last}`);
    }
  }
  publish(
    {
      id: 'reliability-soak',
      title: `${SECONDS / 60} minutes of uploads, image sizes and streams`,
      command: 'npm run bench:reliability -- soak',
      rows: [{ name: 'S3CloudFrontStorage', values }],
      compared: 'uploads',
      moreIsBetter: true,
      points: pointsOf(samples, columns),
    },
    ghostVersion,
  );
  await drawChart('reliability-soak');
  if (grown.length > 0) {
    throw new Error(`It has grown: ${grown.join(', ')}`);
  }
}
