import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Benchmark } from './index';
import { drawBars } from './support/chart';
import { cleanEnvironment } from './support/child';
import { withContenders } from './support/contenders';
import { writeUpload } from './support/files';
import { folderOf, type Peer } from './support/peers';
import { publish, type Row } from './support/results';
import { onAws, startS3Server } from './support/s3-server';
import { median, rounded } from './support/statistics';
import { moduleOf, type StorageName } from './support/storages';

const NAMES: StorageName[] = ['S3CloudFrontStorage', "Ghost's S3Storage", 'ghos3', 'ghost-storage-adapter-s3'];
const LOADS = 9;
const PICTURE_BYTES = 200_000;
const root = path.resolve(__dirname, '..');

/** What an adapter costs: time and memory to load it and until the first upload is stored, and room on the disk. */
export const footprint: Benchmark = async ({ ghost, folder }) => {
  const installed = copyOurs(folder);
  const loads = new Map(NAMES.map((name) => [name, [] as { ms: number; megabytes: number }[]]));
  for (let round = 0; round <= LOADS; round += 1) {
    for (const name of NAMES) {
      const measured = load(name === 'S3CloudFrontStorage' ? installed : moduleOf(name, ghost.dir));
      // The first one reads from the disk.
      if (round > 0) {
        loads.get(name)?.push(measured);
      }
    }
  }
  const uses = await firstUses(ghost.dir, folder);
  const rows = NAMES.map((name): Row => {
    const measured = loads.get(name) ?? [];
    return {
      name,
      values: {
        'load, ms': median(measured.map(({ ms }) => ms)),
        'memory, MB': median(measured.map(({ megabytes }) => megabytes)),
        'first save, ms': median(uses.get(name)?.map(({ ms }) => ms) ?? []),
        'memory then, MB': median(uses.get(name)?.map(({ megabytes }) => megabytes) ?? []),
        ...roomOf(name, installed),
      },
    };
  });
  const title = 'Loading an adapter, and the room that it takes';
  publish({ id: 'footprint', title, rows, compared: 'load, ms', moreIsBetter: false }, ghost.version);
  await drawBars({
    id: 'footprint',
    title: 'Loading an adapter when Ghost boots',
    axis: 'milliseconds (less is better)',
    bars: rows.map(({ name, values }) => ({
      name,
      value: values['load, ms'] ?? 0,
      label: `${rounded(values['load, ms'] ?? NaN)} ms`,
    })),
  });
};

/** Loads, makes and uses each adapter in new processes, on an S3 without latency. */
async function firstUses(ghost: string, folder: string): Promise<Map<string, { ms: number; megabytes: number }[]>> {
  const uses = new Map(NAMES.map((name) => [name as string, [] as { ms: number; megabytes: number }[]]));
  const file = writeUpload(folder, PICTURE_BYTES);
  const server = await startS3Server({});
  try {
    for (let round = 0; round <= LOADS; round += 1) {
      await server.createBucket('bench-footprint');
      for (const name of NAMES) {
        await withContenders([name], ghost, onAws(server, 'bench-footprint'), async ([contender]) => {
          const answer = await contender?.ask({ do: 'first use', file });
          if (round > 0) {
            uses
              .get(name)
              ?.push({ ms: answer?.totalMilliseconds ?? NaN, megabytes: (answer?.extraBytes ?? NaN) / 1e6 });
          }
        });
      }
    }
  } finally {
    await server.close();
  }
  return uses;
}

/** Loads a module in a new process. */
function load(module: string): { ms: number; megabytes: number } {
  const script = `
    const before = process.memoryUsage.rss();
    const begin = performance.now();
    require(${JSON.stringify(module)});
    const ms = performance.now() - begin;
    console.log(JSON.stringify({ ms, megabytes: (process.memoryUsage.rss() - before) / 1e6 }));`;
  const output = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', env: cleanEnvironment() });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as { ms: number; megabytes: number };
}

/** What stands in Ghost's folder for adapters. Ghost's own comes with Ghost, and the SDK that it needs with it. */
function roomOf(name: StorageName, installed: string): Row['values'] {
  if (name === "Ghost's S3Storage") {
    return {};
  }
  const files = filesBelow(name === 'S3CloudFrontStorage' ? installed : folderOf(name as Peer)).filter(
    (file) => path.basename(file) !== 'installed',
  );
  const packages = files.filter((file) => /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(file)).length;
  return {
    'size, MB': files.reduce((sum, file) => sum + lstatSync(file).size, 0) / 1e6,
    files: files.length,
    packages: Math.max(packages, 1),
  };
}

/** @returns the folder that `install` would make, away from the modules of this repository */
function copyOurs(folder: string): string {
  const target = path.join(folder, 'S3CloudFrontStorage');
  for (const name of ['dist/index.js', 'dist/lazy', 'dist/THIRD_PARTY_LICENSES.txt', 'LICENSE', 'package.json']) {
    cpSync(path.join(root, name), path.join(target, name), { recursive: true });
  }
  return target;
}

function filesBelow(place: string): string[] {
  if (!lstatSync(place).isDirectory()) {
    return [place];
  }
  return readdirSync(place).flatMap((name) => filesBelow(path.join(place, name)));
}
