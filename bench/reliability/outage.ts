import { setTimeout as sleep } from 'node:timers/promises';
import { startHostileNetwork, type Outage } from '../../test/support/hostile-network';
import type { Benchmark } from '../support/benchmark';
import { startContender } from '../support/contenders';
import { writeUpload } from '../support/files';
import { publish, type Row } from '../support/results';
import { onAws, startS3Server } from '../support/s3-server';
import type { Outcome } from '../support/storage-process';
import type { StorageName } from '../support/storages';
import { ADAPTERS, Stored } from './stored';

const AWAY_MS = 30_000;
const BYTES = 200_000;
/** Above the two minutes after which the older SDK abandons a silent connection and retries. */
const TIMEOUT_MS = 300_000;

/** S3 refuses connections, then leaves them unanswered, for 30 s each: what the editor sees, when, and afterwards. */
export const outage: Benchmark = async ({ ghost, folder }) => {
  const file = writeUpload(folder, BYTES);
  const rows = await Promise.all(ADAPTERS.map((name) => measure(name, ghost.dir, file)));
  publish(
    {
      id: 'reliability-outage',
      title: 'S3 is away for 30 s: seconds until an upload that was begun during is stored, or has failed',
      command: 'npm run bench:reliability -- outage',
      rows,
      compared: 'silent: seconds',
      moreIsBetter: false,
    },
    ghost.version,
  );
};

async function measure(name: StorageName, ghost: string, file: string): Promise<Row> {
  const bucket = 'bench-outage';
  const server = await startS3Server({});
  const network = await startHostileNetwork(server.endpoint, { mishaps: [] });
  await server.createBucket(bucket);
  const stored = new Stored(server, bucket);
  const contender = await startContender(name, ghost, onAws({ ...server, port: network.port }, bucket));
  const save = async (fileName: string): Promise<Outcome & { isWhole: boolean }> => {
    const { outcomes = [] } = await contender.ask(
      {
        do: 'save each',
        files: [{ name: fileName, path: file }],
        directory: '2026/11',
        atATime: 1,
        nextAfterMs: TIMEOUT_MS,
        timeoutMs: TIMEOUT_MS,
      },
      2 * TIMEOUT_MS,
    );
    const [outcome = { milliseconds: TIMEOUT_MS }] = outcomes;
    return { ...outcome, isWhole: outcome.url !== undefined && (await stored.isWhole(outcome.url, file)) };
  };
  const values: Row['values'] = {};
  const remarks: string[] = [];
  try {
    await save('before.jpg');
    for (const kind of ['refused', 'silent'] satisfies Outage[]) {
      await network.takeAway(kind);
      const restored = sleep(AWAY_MS).then(() => network.bringBack());
      const during = await save(`${kind}-during.jpg`);
      await restored;
      const next = await save(`${kind}-next.jpg`);
      const hasEnded = during.url !== undefined || during.error !== undefined;
      values[`${kind}: seconds`] = hasEnded ? during.milliseconds / 1000 : undefined;
      values[`${kind}: next upload works`] = Number(next.isWhole);
      remarks.push(`${kind}: ${during.isWhole ? 'stored' : (during.error ?? `no end within ${TIMEOUT_MS / 1000} s`)}`);
    }
    return { name, values, remark: remarks.join('; ') };
  } finally {
    await contender.close();
    await network.close();
    await server.close();
  }
}
