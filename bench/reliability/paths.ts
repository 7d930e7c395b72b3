import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Surroundings } from '../../test/support/hostile-input';
import { type InMemoryS3, startInMemoryS3 } from '../../test/support/in-memory-s3';
import type { Benchmark } from '../support/benchmark';
import { Child } from '../support/child';
import { writeUpload } from '../support/files';
import { publish, type Row } from '../support/results';
import type { StorageName } from '../support/storages';
import type { AttackOptions, AttackResult } from './attacked-process';

const NAMES: StorageName[] = ['S3CloudFrontStorage', "Ghost's S3Storage", 'ghos3', 'ghost-storage-adapter-s3'];
const INPUTS = Number(process.env.HOSTILE_INPUTS ?? 10_000);
const SEED = Number(process.env.HOSTILE_SEED ?? 20261124);
/** How many inputs one process gets. `ghos3` leaves connections open, which would use up the server's file handles. */
const INPUTS_OF_A_PROCESS = 500;
const BUCKET = 'bench-paths';
const SURROUNDINGS: Surroundings = {
  cdnUrl: 'https://images.example.com',
  ownPrefix: 'content/images',
  otherPrefixes: ['eight/content/images', 'content/media', 'content/files'],
  file: '2026/11/x.jpg',
};

const root = path.resolve(__dirname, '../..');

/**
 * Passes hostile paths, names and URLs to every method of every adapter, and as many to the suite's own test, which is
 * stricter with this adapter.
 */
export const paths: Benchmark = async ({ ghost, folder }) => {
  const upload = writeUpload(folder, 1000);
  // Results are counted, not timed, so that the contenders can run side by side.
  const [, ...rows] = await Promise.all([runSuite(), ...NAMES.map((name) => measure(name, ghost.dir, folder, upload))]);
  publish(
    {
      id: 'reliability-paths',
      title: `Of ${INPUTS.toLocaleString('en-US')} hostile paths, names and addresses, in every method`,
      command: 'npm run bench:reliability -- paths',
      rows,
      compared: 'left the prefix',
      moreIsBetter: false,
    },
    ghost.version,
  );
};

/** @throws Error if the suite's test fails */
async function runSuite(): Promise<void> {
  const jest = path.join(root, 'node_modules/jest/bin/jest.js');
  const suite = spawn(process.execPath, [jest, 'test/integration/hostile-paths'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, HOSTILE_INPUTS: String(INPUTS), HOSTILE_SEED: String(SEED) },
  });
  const [code] = (await once(suite, 'exit')) as [number | null];
  if (code !== 0) {
    throw new Error("The suite's test has failed; its output is above.");
  }
}

async function measure(name: StorageName, ghost: string, folder: string, upload: string): Promise<Row> {
  const server = await startInMemoryS3({ region: 'eu-central-1' });
  try {
    server.createBucket(BUCKET, { objectOwnership: 'ObjectWriter' });
    const { endpoint, region, credentials } = server;
    const bucket = { bucket: BUCKET, endpoint, region, ...credentials };
    const storage = { name, ghost, bucket, folder };
    return await attack(server, { storage, surroundings: SURROUNDINGS, seed: SEED, inputs: INPUTS, upload });
  } finally {
    await server.close();
  }
}

/** Returns how many inputs had which result. */
async function attack(server: InMemoryS3, options: AttackOptions): Promise<Row> {
  const script = path.resolve(__dirname, 'attacked-process.ts');
  const start = async () => (await Child.start<{ index: number }, AttackResult, string>(script, options))[0];
  const counts = { left: 0, wrote: 0, ended: 0, typeErrors: 0, foreignErrors: 0, hung: 0, strayed: 0, failedVisits: 0 };
  let child = await start();
  try {
    for (let index = 0; index < options.inputs; index += 1) {
      server.requests.length = 0;
      if (index > 0 && index % INPUTS_OF_A_PROCESS === 0) {
        await child.close();
        child = await start();
      }
      try {
        const came = await child.ask({ index });
        counts.typeErrors += came.errors.includes('TypeError') ? 1 : 0;
        counts.foreignErrors += came.errors.length > 0 ? 1 : 0;
        counts.hung += came.hung > 0 ? 1 : 0;
        counts.strayed += came.strayed;
        counts.failedVisits += came.failedVisits;
      } catch {
        counts.ended += 1;
        await child.close();
        child = await start();
      }
      const outside = server.requests.filter(isOutside);
      counts.left += outside.length > 0 ? 1 : 0;
      counts.wrote += outside.some(({ operation }) => /^(Put|Delete|Create)/.test(operation)) ? 1 : 0;
      server.objects(BUCKET).clear();
    }
  } finally {
    await child.close();
  }
  return {
    name: options.storage.name,
    values: {
      inputs: options.inputs,
      'left the prefix': counts.left,
      'wrote or deleted outside': counts.wrote,
      'ended the process': counts.ended,
      'a TypeError': counts.typeErrors,
      'an error that is none of Ghost’s': counts.foreignErrors,
      'answered nothing in 5 s': counts.hung,
      'sent visitors elsewhere': counts.strayed,
      'failed for visitors': counts.failedVisits,
    },
    // A ratio to zero has no meaning.
    remark: '',
  };
}

/** Whether a request was for a key or a listing outside of the prefix. */
function isOutside({ operation, key, query }: InMemoryS3['requests'][number]): boolean {
  const place = (operation.startsWith('List') ? query.prefix : key) ?? '';
  return place !== SURROUNDINGS.ownPrefix && !place.startsWith(`${SURROUNDINGS.ownPrefix}/`);
}
