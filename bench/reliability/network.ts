import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { randomNumbers, startHostileNetwork } from '../../test/support/hostile-network';
import type { Benchmark } from '../support/benchmark';
import { startContender } from '../support/contenders';
import { publish, type Row } from '../support/results';
import { onAws, startS3Server } from '../support/s3-server';
import type { StorageName } from '../support/storages';
import { ADAPTERS, keyOf, Stored } from './stored';

const UPLOADS = 1_000;
/** After how many uploads the stored objects are checked and deleted, so that 3 GB need not fit in memory. */
const BATCH = 200;
const AT_A_TIME = 8;
const SMALLEST = 1_000;
const LARGEST = 30_000_000;
const SEED = 2026;
/** Above the two minutes after which the older SDK retries. */
const TIMEOUT_MS = 150_000;
/** After this the next upload starts, even if the last one is stuck. */
const NEXT_AFTER_MS = 5_000;
/** How long (ms) a failed upload may take to clean up. */
const CLEANING_UP_MS = 90_000;

/** Uploads of all sizes over a network on which every third request meets a fault. */
export const network: Benchmark = async ({ ghost, folder }) => {
  // Results are counted, not timed, so that the contenders can run side by side.
  const rows = await Promise.all(ADAPTERS.map((name) => measure(name, ghost.dir, folder)));
  publish(
    {
      id: 'reliability-network',
      title:
        `${UPLOADS} uploads of 1 KB–30 MB on a network that resets, stalls, truncates, delays, garbles ETags, and ` +
        'answers 500 and 503, 5 % each',
      command: 'npm run bench:reliability -- network',
      rows,
      compared: 'stored intact',
      moreIsBetter: true,
    },
    ghost.version,
  );
};

async function measure(name: StorageName, ghost: string, folder: string): Promise<Row> {
  const bucket = 'bench-network';
  const server = await startS3Server({});
  const hostile = await startHostileNetwork(server.endpoint, { seed: SEED });
  await server.createBucket(bucket);
  const stored = new Stored(server, bucket);
  const contender = await startContender(name, ghost, onAws({ ...server, port: hostile.port }, bucket));
  const random = randomNumbers(SEED);
  let intact = 0;
  let failed = 0;
  let hung = 0;
  try {
    for (let done = 0; done < UPLOADS; done += BATCH) {
      const own = mkdtempSync(path.join(folder, 'network-'));
      const files = Array.from({ length: BATCH }, (_, index) => {
        const file = { name: `DSC_${done + index}.jpg`, path: path.join(own, String(index)) };
        writeFileSync(file.path, randomBytes(Math.round(SMALLEST * (LARGEST / SMALLEST) ** random())));
        return file;
      });
      const { outcomes = [] } = await contender.ask(
        {
          do: 'save each',
          files,
          directory: '2026/11',
          atATime: AT_A_TIME,
          nextAfterMs: NEXT_AFTER_MS,
          timeoutMs: TIMEOUT_MS,
        },
        20 * TIMEOUT_MS,
      );
      for (const [index, { url, error }] of outcomes.entries()) {
        if (url === undefined) {
          failed += Number(error !== undefined);
          hung += Number(error === undefined);
        } else {
          intact += Number(await stored.isWhole(url, files[index]?.path ?? ''));
          await stored.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(url) }));
        }
      }
      rmSync(own, { recursive: true });
    }
    for (let waited = 0; waited < CLEANING_UP_MS && (await stored.unfinishedUploads()) > 0; waited += 1000) {
      await sleep(1000);
    }
    return {
      name,
      values: {
        'stored intact': intact,
        'reported failed': failed,
        'no end within 150 s': hung,
        'lost or corrupted': UPLOADS - intact - failed - hung,
        'leaked multipart uploads': await stored.unfinishedUploads(),
      },
    };
  } finally {
    await contender.close();
    await hostile.close();
    await server.close();
  }
}
