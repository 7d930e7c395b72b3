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
/** The older SDK gives a silent connection up after two minutes, and tries again then. */
const PATIENCE_MS = 300_000;

/** S3 is away for half a minute, in two ways: what the editor sees, after how long, and what comes then. */
export const outage: Benchmark = async ({ ghost, folder }) => {
  const file = writeUpload(folder, BYTES);
  const rows = await Promise.all(ADAPTERS.map((name) => endure(name, ghost.dir, file)));
  publish(
    {
      id: 'reliability-outage',
      title: 'S3 is away for 30 s: seconds until an upload that was begun meanwhile is stored, or has failed',
      command: 'npm run bench:reliability -- outage',
      rows,
      compared: 'silent: seconds',
      moreIsBetter: false,
    },
    ghost.version,
  );
};

async function endure(name: StorageName, ghost: string, file: string): Promise<Row> {
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
        handOverMs: PATIENCE_MS,
        patienceMs: PATIENCE_MS,
      },
      2 * PATIENCE_MS,
    );
    const [outcome = { milliseconds: PATIENCE_MS }] = outcomes;
    return { ...outcome, isWhole: outcome.url !== undefined && (await stored.isWhole(outcome.url, file)) };
  };
  const values: Row['values'] = {};
  const remarks: string[] = [];
  try {
    await save('before.jpg');
    for (const kind of ['refused', 'silent'] satisfies Outage[]) {
      await network.takeAway(kind);
      const back = sleep(AWAY_MS).then(() => network.bringBack());
      const meanwhile = await save(`${kind}-meanwhile.jpg`);
      await back;
      const next = await save(`${kind}-next.jpg`);
      const hasEnded = meanwhile.url !== undefined || meanwhile.error !== undefined;
      values[`${kind}: seconds`] = hasEnded ? meanwhile.milliseconds / 1000 : undefined;
      values[`${kind}: next upload works`] = Number(next.isWhole);
      remarks.push(
        `${kind}: ${meanwhile.isWhole ? 'stored' : (meanwhile.error ?? `no end within ${PATIENCE_MS / 1000} s`)}`,
      );
    }
    return { name, values, remark: remarks.join('; ') };
  } finally {
    await contender.close();
    await network.close();
    await server.close();
  }
}
