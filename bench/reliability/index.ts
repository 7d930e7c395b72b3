// Runs the reliability programs, all or those named: this adapter and its peers, on the same server, under the same
// load. Prints tables and writes bench/results/reliability-NAME.json.
//
//   npm run bench:reliability
//   npm run bench:reliability -- race network
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { GhostInstall } from '../../test/support/ghost/install';
import type { Benchmark } from '../support/benchmark';
import { onGhostsNode } from '../support/ghosts-node';
import { installPeers } from '../support/peers';
import { AT_SOME_DISTANCE } from '../support/places';
import { network } from './network';
import { outage } from './outage';
import { paths } from './paths';
import { race } from './race';
import { soak } from './soak';

const PROGRAMS: Record<string, Benchmark> = { race, network, outage, paths, soak };

async function main(ghost: GhostInstall): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !Object.hasOwn(PROGRAMS, name));
  if (unknown !== undefined) {
    throw new Error(`There is no program "${unknown}". There are: ${Object.keys(PROGRAMS).join(', ')}`);
  }
  installPeers();
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-reliability-'));
  try {
    for (const [name, run] of Object.entries(PROGRAMS)) {
      if (wanted.length === 0 || wanted.includes(name)) {
        await run({ ghost, folder, place: AT_SOME_DISTANCE });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

onGhostsNode(main)
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  })
  // On Node 20 an aborted request can keep the process from exiting.
  .finally(() => process.exit());
