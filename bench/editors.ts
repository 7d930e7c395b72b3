import type { Benchmark } from './support/benchmark';
import { withContenders } from './support/contenders';
import { writeUpload } from './support/files';
import { publish } from './support/results';
import { onAws } from './support/s3-server';
import { median, percentile } from './support/statistics';
import type { StorageName } from './support/storages';

const NAMES: StorageName[] = ['S3CloudFrontStorage', "Ghost's S3Storage", 'ghos3', 'ghost-storage-adapter-s3'];
const EDITORS = 16;
const ROUNDS = 3;
/** Rounds that are not counted: connections open, and Node compiles the hot code. */
const WARM_UP_ROUNDS = 3;
const BYTES = 200_000;

const UPLOADS = 320;

/** Measures 16 editors who save images at the same time, under free names. */
export const editors: Benchmark = async ({ ghost, folder, place }) => {
  const server = await place.start();
  try {
    await server.createBucket('bench-editors');
    const file = writeUpload(folder, BYTES);
    const rows = await withContenders(NAMES, ghost.dir, onAws(server, 'bench-editors'), async (contenders) => {
      const rates = new Map<string, number[]>(NAMES.map((name) => [name, []]));
      const times = new Map<string, number[]>(NAMES.map((name) => [name, []]));
      const names = Array.from({ length: UPLOADS }, (_, index) => `photo-${index}.jpg`);
      for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
        for (const { name, ask } of contenders) {
          // A directory for each contender and round, so that none finds the files of another.
          const directory = `${name}-${round}`.replace(/[^\w-]/g, '');
          const { totalMilliseconds = NaN, milliseconds = [] } = await ask({
            do: 'save',
            file,
            names,
            directory,
            atATime: EDITORS,
          });
          if (round >= 0) {
            rates.get(name)?.push((UPLOADS * 1000) / totalMilliseconds);
            times.get(name)?.push(...milliseconds);
          }
        }
      }
      return NAMES.map((name) => ({
        name,
        values: {
          'saves/s': median(rates.get(name) ?? []),
          'median, ms': median(times.get(name) ?? []),
          'p99, ms': percentile(times.get(name) ?? [], 0.99),
        },
      }));
    });
    const title = `${EDITORS} editors save images of 200 KB at the same time, ${place.words}`;
    publish({ id: `editors${place.suffix}`, title, rows, compared: 'saves/s', moreIsBetter: true }, ghost.version);
  } finally {
    await server.close();
  }
};
