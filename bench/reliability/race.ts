import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Benchmark } from '../support/benchmark';
import { withContenders } from '../support/contenders';
import { publish, type Row } from '../support/results';
import { FROM_A_VPS, onAws, startS3Server } from '../support/s3-server';
import { ADAPTERS, Stored } from './stored';

const PROCESSES = 4;
const SAVES = 250;
const AT_A_TIME = 8;
const BYTES = 5_000;
const NAME = 'image.png';
/** An upload without an answer by then counts as hung. */
const TIMEOUT_MS = 600_000;

/** Uploads of one name by several Ghosts on one bucket: how many are found under the URL that was returned. */
export const race: Benchmark = async ({ ghost, folder }) => {
  const server = await startS3Server(FROM_A_VPS);
  const rows: Row[] = [];
  try {
    for (const name of ADAPTERS) {
      await server.createBucket('bench-race');
      const own = mkdtempSync(path.join(folder, 'race-'));
      const files = Array.from({ length: PROCESSES * SAVES }, (_, index) => path.join(own, String(index)));
      files.forEach((file) => writeFileSync(file, randomBytes(BYTES)));
      const same = Array.from({ length: PROCESSES }, () => name);
      const startedAt = performance.now();
      const outcomes = await withContenders(same, ghost.dir, onAws(server, 'bench-race'), async (contenders) => {
        const answers = await Promise.all(
          contenders.map(({ ask }, index) =>
            ask(
              {
                do: 'save each',
                files: files.slice(index * SAVES, (index + 1) * SAVES).map((file) => ({ name: NAME, path: file })),
                directory: '2026/11',
                atATime: AT_A_TIME,
                nextAfterMs: TIMEOUT_MS,
                timeoutMs: TIMEOUT_MS,
              },
              2 * TIMEOUT_MS,
            ),
          ),
        );
        return answers.flatMap((answer) => answer.outcomes ?? []);
      });
      const seconds = (performance.now() - startedAt) / 1000;
      const stored = new Stored(server, 'bench-race');
      let survived = 0;
      for (const [index, { url }] of outcomes.entries()) {
        survived += Number(url !== undefined && (await stored.isWhole(url, files[index] ?? '')));
      }
      const failed = outcomes.filter(({ url }) => url === undefined).length;
      rows.push({
        name,
        values: { survived, 'reported failed': failed, lost: outcomes.length - failed - survived, seconds },
      });
    }
  } finally {
    await server.close();
  }
  publish(
    {
      id: 'reliability-race',
      title: `${PROCESSES} processes × ${SAVES} uploads of one name, ${AT_A_TIME} at a time each, S3 20 ms away`,
      command: 'npm run bench:reliability -- race',
      rows,
      compared: 'survived',
      moreIsBetter: true,
    },
    ghost.version,
  );
};
