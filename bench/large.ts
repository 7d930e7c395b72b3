import type { Benchmark } from './support/benchmark';
import { drawChart } from './support/charts';
import { withContenders } from './support/contenders';
import { writeUpload } from './support/files';
import { AT_SOME_DISTANCE } from './support/places';
import { publish } from './support/results';
import { onAws } from './support/s3-server';
import { median } from './support/statistics';
import type { StorageName } from './support/storages';

const NAMES: StorageName[] = [
  'raw requests of 6 MiB, 8 at a time',
  'S3CloudFrontStorage',
  "lib-storage's Upload",
  "lib-storage's Upload, 8 parts of 6 MiB",
  "Ghost's S3Storage",
  'ghos3',
  'ghost-storage-adapter-s3',
];
const BYTES = 300_000_000;
const ROUNDS = 3;
/** How many parts the contenders that upload in parallel send at a time. */
const CONNECTIONS = 8;

/** Measures saving a video of 300 MB, each time in a new process. */
export const large: Benchmark = async ({ ghost, folder, place }) => {
  const server = await place.start();
  const file = writeUpload(folder, BYTES);
  const found = new Map(NAMES.map((name) => [name, { seconds: [] as number[], extra: [] as number[] }]));
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of NAMES) {
        await server.createBucket('bench-large');
        await withContenders([name], ghost.dir, onAws(server, 'bench-large'), async ([contender]) => {
          await contender?.ask({ do: 'save', file: __filename, names: ['first-use.ts'], directory: '', atATime: 1 });
          const answer = await contender?.ask({ do: 'save', file, names: ['video.mp4'], directory: '', atATime: 1 });
          found.get(name)?.seconds.push((answer?.totalMilliseconds ?? NaN) / 1000);
          found.get(name)?.extra.push((answer?.extraBytes ?? NaN) / 1e6);
        });
      }
    }
  } finally {
    await server.close();
  }
  const limit = BYTES / (CONNECTIONS * (place.bandwidthBytesPerSecond ?? Infinity));
  const rows = [
    ...(limit > 0
      ? [{ name: `${CONNECTIONS} connections full`, values: { seconds: limit, 'MB/s': BYTES / 1e6 / limit } }]
      : []),
    ...NAMES.map((name) => {
      const seconds = median(found.get(name)?.seconds ?? []);
      const values = { seconds, 'MB/s': BYTES / 1e6 / seconds, 'extra MB': median(found.get(name)?.extra ?? []) };
      return { name, values };
    }),
  ];
  const title = `Saving a video of 300 MB, ${place.words}`;
  publish({ id: `large${place.suffix}`, title, rows, compared: 'seconds', moreIsBetter: false }, ghost.version);
  if (place === AT_SOME_DISTANCE) {
    await drawChart('large');
  }
};
