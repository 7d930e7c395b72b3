import type { Bench, Benchmark } from './support/benchmark';
import { drawChart } from './support/charts';
import { withContenders } from './support/contenders';
import { sparseUpload, writeUpload } from './support/files';
import { publish, type Row } from './support/results';
import { FROM_A_VPS, onAws, startS3Server } from './support/s3-server';
import { median } from './support/statistics';
import type { StorageName } from './support/storages';
import { portOf, serveCrowds } from './support/visitors';

const VISITORS = [10, 50, 200, 500];
const EDITORS = [1, 4, 16, 64];
const MEGABYTES = [1, 50, 500, 5_000];
const IMAGE = { key: '2026/11/picture.jpg', bytes: 200_000 };
const ROUNDS = 3;
/** How often the visitors come in each round. */
const CROWDS = 6;
const IMAGES_OF_AN_EDITOR = 10;
/** An upload this large says enough with a single round. */
const LARGE_MEGABYTES = 500;
/** Others that would need longer for an upload, by their time for a smaller one, are left out. */
const LONGEST_SECONDS = 120;
/** For one upload, also on a slow machine. */
const TIMEOUT_MS = 900_000;

const ADAPTERS: StorageName[] = ['S3CloudFrontStorage', "Ghost's S3Storage", 'ghos3', 'ghost-storage-adapter-s3'];
const STREAMING: StorageName[] = ['S3CloudFrontStorage', 'raw request', 'ghos3', 'ghost-storage-adapter-s3'];
const UPLOADING: StorageName[] = [...ADAPTERS, "lib-storage's Upload"];

/** How long one of many takes, by how many there are. */
interface Point extends Record<string, string | number> {
  name: string;
  size: number;
  'ms each': number;
}

/**
 * Measures how the time grows with the visitors, the editors and the size of an upload. How it grows with the files and
 * with the images of one name is in the results of `migrate` and `taken`.
 */
export const growth: Benchmark = async (bench) => {
  const of = { 'growth-visitors': growVisitors, 'growth-editors': growEditors, 'growth-megabytes': growMegabytes };
  for (const [id, measure] of Object.entries(of)) {
    const [title, points] = await measure(bench);
    publish(
      {
        id,
        title: `${title}: ms for each, S3 20 ms away, 40 MB/s on each connection`,
        rows: rowsOf(points),
        compared: String(Math.max(...points.map(({ size }) => size))),
        moreIsBetter: false,
        command: 'npm run bench -- growth',
        points,
      },
      bench.ghost.version,
    );
    await drawChart(id);
  }
};

function rowsOf(points: Point[]): Row[] {
  return [...new Set(points.map(({ name }) => name))].map((name) => {
    const own = points.filter((point) => point.name === name);
    return { name, values: Object.fromEntries(own.map((point) => [String(point.size), point['ms each']])) };
  });
}

/** Measures visitors who request an image from Ghost at the same time. */
async function growVisitors({ ghost }: Bench): Promise<[string, Point[]]> {
  const server = await startS3Server({ ...FROM_A_VPS, trustsBodies: true });
  try {
    await server.createBucket('bench-visitors');
    await server.fill('bench-visitors', [`content/images/${IMAGE.key}`], IMAGE.bytes);
    return await withContenders(STREAMING, ghost.dir, onAws(server, 'bench-visitors'), async (contenders) => {
      const ports = await Promise.all(contenders.map(portOf));
      const points = await inRounds(VISITORS, STREAMING, async (index, visitors) => {
        return median(await serveCrowds(ports[index] ?? 0, IMAGE, visitors, CROWDS)) / visitors;
      });
      return ['Visitors who request an image at the same time', points];
    });
  } finally {
    await server.close();
  }
}

/** Measures editors who save images at the same time, under free names. */
async function growEditors({ ghost, folder }: Bench): Promise<[string, Point[]]> {
  const server = await startS3Server({ ...FROM_A_VPS, trustsBodies: true });
  try {
    await server.createBucket('bench-editors');
    const file = writeUpload(folder, IMAGE.bytes);
    return await withContenders(ADAPTERS, ghost.dir, onAws(server, 'bench-editors'), async (contenders) => {
      const points = await inRounds(EDITORS, ADAPTERS, async (index, editors, round) => {
        const names = Array.from({ length: editors * IMAGES_OF_AN_EDITOR }, (_, image) => `photo-${image}.jpg`);
        // A directory for each contender, number and round, so that none finds the files of another.
        const directory = `${index}/${editors}/${round}`;
        const answer = await contenders[index]?.ask({ do: 'save', file, names, directory, atATime: editors });
        return (answer?.totalMilliseconds ?? NaN) / names.length;
      });
      return ['Editors who save images of 200 KB at the same time', points];
    });
  } finally {
    await server.close();
  }
}

/**
 * Measures each size with each contender, one after the other in every round, of which the first is not counted.
 *
 * @param measure returns the milliseconds for each
 */
async function inRounds(
  sizes: number[],
  names: StorageName[],
  measure: (index: number, size: number, round: number) => Promise<number>,
): Promise<Point[]> {
  const points: Point[] = [];
  for (const size of sizes) {
    const times = names.map(() => [] as number[]);
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const index of names.keys()) {
        const milliseconds = await measure(index, size, round);
        if (round > 0) {
          times[index]?.push(milliseconds);
        }
      }
    }
    points.push(...names.map((name, index) => ({ name, size, 'ms each': median(times[index] ?? []) })));
  }
  return points;
}

/** Measures one upload, each time in a new process, with its memory. */
async function growMegabytes({ ghost, folder }: Bench): Promise<[string, Point[]]> {
  const server = await startS3Server({ ...FROM_A_VPS, trustsBodies: true, forgetsBodies: true });
  const points: Point[] = [];
  try {
    for (const size of MEGABYTES) {
      const file = sparseUpload(folder, size * 1_000_000);
      for (const name of UPLOADING) {
        const before = points.findLast((point) => point.name === name);
        const expected = ((before?.['ms each'] ?? 0) * size) / 1000;
        if (name !== 'S3CloudFrontStorage' && expected > LONGEST_SECONDS) {
          continue;
        }
        const answers = [];
        for (let round = 0; round < (size < LARGE_MEGABYTES ? ROUNDS : 1); round += 1) {
          await server.createBucket('bench-megabytes');
          answers.push(
            await withContenders([name], ghost.dir, onAws(server, 'bench-megabytes'), async ([contender]) => {
              await contender?.ask({ do: 'save', file: __filename, names: ['first.ts'], directory: '', atATime: 1 });
              return contender?.ask({ do: 'save', file, names: ['video.mp4'], directory: '', atATime: 1 }, TIMEOUT_MS);
            }),
          );
        }
        points.push({
          name,
          size,
          'ms each': median(answers.map((answer) => (answer?.totalMilliseconds ?? NaN) / size)),
          'extra MB': median(answers.map((answer) => (answer?.extraBytes ?? NaN) / 1e6)),
        });
      }
    }
  } finally {
    await server.close();
  }
  return ['Megabytes of one upload', points];
}
