import { execFile } from 'node:child_process';
import { cpSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Benchmark } from './support/benchmark';
import { cleanEnvironment, HOSTS_OF_AWS } from './support/child';
import { writeUpload } from './support/files';
import { folderOf, type Peer } from './support/peers';
import { publish, type Row } from './support/results';
import { onAws, startS3Server } from './support/s3-server';
import { median } from './support/statistics';
import { type AdapterName, moduleOf, optionsOf } from './support/storages';

const NAMES: AdapterName[] = ['S3CloudFrontStorage', "Ghost's S3Storage", 'ghos3', 'ghost-storage-adapter-s3'];
const LOADS = 9;
const IMAGE_BYTES = 200_000;
const root = path.resolve(__dirname, '..');

/** The argument of load-as-ghost.mjs. */
interface Loading {
  /** Folder of an installed Ghost. */
  ghost: string;
  /** Path of the adapter's module. */
  module: string;
  /** As Ghost passes them to the adapter. */
  options: object;
  environment?: Record<string, string>;
  /** Path of the image to save. */
  file: string;
}

/** The result of load-as-ghost.mjs. Bytes: how much the process grew, after garbage collection. */
interface Loaded {
  loadMilliseconds: number;
  loadBytes: number;
  /** From before the adapter is loaded until the first image is stored. */
  firstSaveMilliseconds: number;
  firstSaveBytes: number;
}

/** Measures the cost of an adapter: time and memory to load it and to store a first upload, and its size on disk. */
export const footprint: Benchmark = async ({ ghost, folder }) => {
  const installed = copyOurs(folder);
  const file = writeUpload(folder, IMAGE_BYTES);
  const loads = new Map(NAMES.map((name) => [name, [] as Loaded[]]));
  // Without latency, so that only the adapter is measured.
  const server = await startS3Server({});
  try {
    for (let round = 0; round <= LOADS; round += 1) {
      await server.createBucket('bench-footprint');
      const bucket = onAws(server, 'bench-footprint');
      for (const name of NAMES) {
        const loaded = await load({
          ghost: ghost.dir,
          module: name === 'S3CloudFrontStorage' ? installed : moduleOf(name, ghost.dir),
          options: optionsOf(name, bucket, folder),
          environment: bucket.environment,
          file,
        });
        // The first round reads from the disk.
        if (round > 0) {
          loads.get(name)?.push(loaded);
        }
      }
    }
  } finally {
    await server.close();
  }
  const rows = NAMES.map((name): Row => {
    const medianOf = (what: keyof Loaded) => median((loads.get(name) ?? []).map((loaded) => loaded[what]));
    return {
      name,
      values: {
        'load, ms': medianOf('loadMilliseconds'),
        'memory, MB': medianOf('loadBytes') / 1e6,
        'first save, ms': medianOf('firstSaveMilliseconds'),
        'memory then, MB': medianOf('firstSaveBytes') / 1e6,
        ...roomOf(name, installed),
      },
    };
  });
  const title = 'Loading an adapter, and its size on disk';
  publish({ id: 'footprint', title, rows, compared: 'load, ms', moreIsBetter: false }, ghost.version);
};

/** Loads, creates and uses an adapter in a new process. */
async function load(loading: Loading): Promise<Loaded> {
  const script = path.join(__dirname, 'support/load-as-ghost.mjs');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', '--import', HOSTS_OF_AWS, script, JSON.stringify(loading)],
    { env: cleanEnvironment() },
  );
  // The adapter's log lines come first.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Loaded;
}

/** Returns what an adapter adds to Ghost. Ghost's own adapter and the SDK that it needs come with Ghost. */
function roomOf(name: AdapterName, installed: string): Row['values'] {
  if (name === "Ghost's S3Storage") {
    return { 'size, MB': 0, files: 0, packages: 0 };
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

/** Copies what `install` copies to a folder outside of this repository, and returns that folder. */
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
