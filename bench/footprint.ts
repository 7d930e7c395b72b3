import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Benchmark } from './index';
import { drawBars } from './support/chart';
import { cleanEnvironment } from './support/child';
import { folderOf, type Peer } from './support/peers';
import { publish, type Row } from './support/results';
import { median, rounded } from './support/statistics';
import { moduleOf, type StorageName } from './support/storages';

const NAMES: StorageName[] = ['S3CloudFrontStorage', "Ghost's S3Storage", 'ghos3', 'ghost-storage-adapter-s3'];
const LOADS = 9;
const root = path.resolve(__dirname, '..');

/** What an adapter costs before the first upload: time and memory to load it, and room on the disk. */
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
  const rows = NAMES.map((name): Row => {
    const measured = loads.get(name) ?? [];
    return {
      name,
      values: {
        'load, ms': median(measured.map(({ ms }) => ms)),
        'memory, MB': median(measured.map(({ megabytes }) => megabytes)),
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
