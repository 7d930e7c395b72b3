import type { Benchmark } from './support/benchmark';
import { withContenders } from './support/contenders';
import { writeUpload } from './support/files';
import { publish } from './support/results';
import { onAws } from './support/s3-server';
import { median } from './support/statistics';
import type { StorageName } from './support/storages';

const NAMES: StorageName[] = [
  'raw request',
  'S3CloudFrontStorage',
  "Ghost's S3Storage",
  'ghos3',
  'ghost-storage-adapter-s3',
  "Ghost's disk",
];
const ROUNDS = 5;
const SAVES = 20;
/** Rounds that are not counted: connections open, and Node compiles the hot code. */
const WARM_UP_ROUNDS = 5;
const BYTES = 200_000;

/** Measures saving images under free names, one after the other. */
export const save: Benchmark = async ({ ghost, folder, place }) => {
  const server = await place.start();
  try {
    await server.createBucket('bench-save');
    const file = writeUpload(folder, BYTES);
    const rows = await withContenders(NAMES, ghost.dir, onAws(server, 'bench-save'), async (contenders) => {
      const times = new Map<string, number[]>(NAMES.map((name) => [name, []]));
      const requests = new Map<string, number>();
      for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
        for (const { name, ask } of contenders) {
          const names = Array.from({ length: SAVES }, (_, index) => `${name.replace(/\W/g, '')}-${round}-${index}.jpg`);
          await server.takeRequests();
          const { milliseconds = [] } = await ask({ do: 'save', file, names, directory: '2026/11', atATime: 1 });
          if (round >= 0) {
            times.get(name)?.push(...milliseconds);
            const counted = await server.takeRequests();
            if (counted) {
              requests.set(name, counted.length / SAVES);
            }
          }
        }
      }
      return NAMES.map((name) => {
        const each = median(times.get(name) ?? []);
        return { name, values: { 'ms each': each, 'saves/s': 1000 / each, requests: requests.get(name) } };
      });
    });
    const title = `Saving an image of 200 KB under a free name, ${place.words}`;
    publish({ id: `save${place.suffix}`, title, rows, compared: 'ms each', moreIsBetter: false }, ghost.version);
  } finally {
    await server.close();
  }
};
