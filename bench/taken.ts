import type { Benchmark } from './support/benchmark';
import { drawChart } from './support/charts';
import { withContenders } from './support/contenders';
import { writeUpload } from './support/files';
import { publish, type Row } from './support/results';
import { FROM_A_VPS, onAws, startS3Server } from './support/s3-server';
import { median } from './support/statistics';
import type { StorageName } from './support/storages';

const NAMES: StorageName[] = ['S3CloudFrontStorage', "Ghost's S3Storage", 'ghos3', 'ghost-storage-adapter-s3'];
const TAKEN = [0, 10, 100, 500, 5_000];
const TAKEN_BY_MANY = 500;
const BYTES = 200_000;
/** How many saves are measured; after one longer than LONG_MS, no more are. */
const SAVES = 5;
const LONG_MS = 2_000;
const TIMEOUT_MS = 240_000;

/** Measures saving an image under a name that is taken: `photo.jpg`, `photo-1.jpg`, … */
export const taken: Benchmark = async ({ ghost, folder }) => {
  const server = await startS3Server({ ...FROM_A_VPS, trustsBodies: true });
  const file = writeUpload(folder, BYTES);
  const rows: Row[] = NAMES.map((name) => ({ name, values: {} }));
  try {
    for (const count of TAKEN) {
      const bucket = `bench-taken-${count}`;
      const keys = Array.from({ length: count }, (_, index) => `content/images/2026/11/${nameOf(index)}`);
      for (const row of rows) {
        // Without the files that the previous contender saved.
        await server.createBucket(bucket);
        await server.fill(bucket, keys, BYTES / 1000);
        await withContenders([row.name as StorageName], ghost.dir, onAws(server, bucket), async ([contender]) => {
          const saveAs = (name: string) =>
            contender?.ask(
              { do: 'save', file, names: [name], directory: directoryOf(row.name as StorageName), atATime: 1 },
              TIMEOUT_MS,
            );
          try {
            for (let index = 0; index < SAVES; index += 1) {
              await saveAs(`first-use-${index}.jpg`);
            }
            const times: number[] = [];
            while (times.length < SAVES && !times.some((time) => time > LONG_MS)) {
              times.push(...((await saveAs(nameOf(0)))?.milliseconds ?? []));
            }
            if (count === TAKEN_BY_MANY) {
              // After the first save an adapter may remember the name.
              row.values[`first of ${count}, ms`] = times[0];
            }
            row.values[`${count} taken, ms`] = median(times);
          } catch (error) {
            row.remark = `${count} taken: ${(error as Error).message}`;
          }
        });
      }
    }
  } finally {
    await server.close();
  }
  const title = 'Saving an image under a name that others have, S3 20 ms away';
  publish({ id: 'taken', title, rows, compared: '500 taken, ms', moreIsBetter: false }, ghost.version);
  await drawChart('taken');
};

const nameOf = (index: number) => (index === 0 ? 'photo.jpg' : `photo-${index}.jpg`);

/** Returns the directory to save in. Ghost passes one relative to the storage; the older adapters expect a key. */
const directoryOf = (name: StorageName) =>
  name === 'ghos3' || name === 'ghost-storage-adapter-s3' ? 'content/images/2026/11' : '2026/11';
