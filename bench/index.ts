// Runs the benchmarks, all or those named: this adapter and its peers, side by side, on the same server. Prints
// tables, writes bench/results/NAME.json, and draws the charts of the pages.
//
//   npm run bench
//   npm run bench -- save serve
//
// They run on the Node of the installed Ghost 6, whatever Node this is started with.
//
// If S3_TEST_ENDPOINT names another S3, as for the integration tests, the benchmarks that can also run on it do; their
// results are NAME-ceph.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { editors } from './editors';
import { footprint } from './footprint';
import { growth } from './growth';
import { zipImport } from './import';
import { large } from './large';
import { migrate } from './migrate';
import { page } from './page';
import { save } from './save';
import { serve } from './serve';
import { size } from './size';
import { start } from './start';
import { onGhostsNode } from './support/ghosts-node';
import { installPeers } from './support/peers';
import { AT_SOME_DISTANCE, cephIfAvailable } from './support/places';
import { taken } from './taken';
import type { Benchmark } from './support/benchmark';
import type { GhostInstall } from '../test/support/ghost/install';

const BENCHMARKS: Record<string, Benchmark> = {
  save,
  taken,
  large,
  editors,
  serve,
  growth,
  size,
  page,
  import: zipImport,
  footprint,
  start,
  migrate,
};
/** The benchmarks that need only a bucket, on any S3. */
const ANYWHERE = ['save', 'large', 'editors', 'serve'];

async function main(ghost: GhostInstall): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !Object.hasOwn(BENCHMARKS, name));
  if (unknown !== undefined) {
    throw new Error(`There is no benchmark "${unknown}". There are: ${Object.keys(BENCHMARKS).join(', ')}`);
  }
  installPeers();
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    for (const [name, run] of Object.entries(BENCHMARKS)) {
      if (wanted.length === 0 || wanted.includes(name)) {
        for (const place of [AT_SOME_DISTANCE, ...(ANYWHERE.includes(name) ? cephIfAvailable() : [])]) {
          await run({ ghost, folder, place });
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

onGhostsNode(main).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
