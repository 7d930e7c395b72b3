import { drawBars, drawLines, type Point } from './chart';
import { readResults, type PublishedResults } from './results';
import { rounded } from './statistics';

/** The names in the results that a chart shows in other words. */
const WORDS: Record<string, string> = {
  S3CloudFrontStorage: 'this adapter',
  'raw request': 'a plain request to S3',
  'raw requests of 6 MiB, 8 at a time': 'plain requests of 6 MiB, 8 at a time',
  '8 connections full': 'the limit of 8 connections',
  "lib-storage's Upload": '@aws-sdk/lib-storage',
  "lib-storage's Upload, 8 parts of 6 MiB": '@aws-sdk/lib-storage, 8 parts of 6 MiB',
  migrate: 'migrate (this adapter)',
  rclone: 'rclone copy',
  'rclone --transfers 32 --checkers 32': 'rclone copy --transfers 32 --checkers 32',
};

const wordsFor = (name: string): string => WORDS[name] ?? name;

const AT_SOME_DISTANCE = 'In-memory S3, 20 ms away, 40 MB/s for each connection';

/** The charts of the pages, by the ID of their results. */
const CHARTS: Record<string, (results: PublishedResults) => Promise<void>> = {
  taken: drawTaken,
  large: (results) =>
    drawColumn(results, {
      title: 'Saving a video of 300 MB',
      column: 'MB/s',
      unit: 'MB/s',
      axis: 'megabytes a second (more is better)',
    }),
  serve: (results) =>
    drawColumn(results, {
      title: 'A visitor skips to the end of a video that Ghost streams',
      column: 'seek, ms',
      unit: 'ms',
      axis: 'milliseconds until the video continues (less is better)',
    }),
  'growth-visitors': (results) =>
    drawGrowth(results, {
      title: 'Visitors to whom Ghost streams an image at the same time',
      x: 'visitors at the same time',
      y: 'milliseconds for each visitor',
    }),
  'growth-editors': (results) =>
    drawGrowth(results, {
      title: 'Editors who save images at the same time',
      x: 'editors at the same time',
      y: 'milliseconds for each image',
    }),
  'growth-megabytes': (results) =>
    drawGrowth(results, {
      title: 'One upload, by its size',
      x: 'megabytes of the upload',
      y: 'milliseconds for each megabyte',
    }),
  migrate: drawMigrate,
  'reliability-soak': drawSoak,
};

/** The IDs of all charts. */
export const CHART_IDS = Object.keys(CHARTS);

/** Draws a chart from the results in bench/results. */
export const drawChart = async (id: string): Promise<void> => CHARTS[id]?.(readResults(id));

function drawColumn(
  { id, rows }: PublishedResults,
  { title, column, unit, axis }: Record<'title' | 'column' | 'unit' | 'axis', string>,
): Promise<void> {
  const bars = rows.map(({ name, values }) => {
    const value = values[column] ?? NaN;
    return { name: wordsFor(name), isOurs: name === 'S3CloudFrontStorage', value, label: `${rounded(value)} ${unit}` };
  });
  return drawBars({ id, title, subtitle: AT_SOME_DISTANCE, axis, bars });
}

/** Draws how long it takes to save an image, by how many others have its name. */
function drawTaken({ id, rows }: PublishedResults): Promise<void> {
  const points = rows.flatMap(({ name, values }) =>
    Object.entries(values).flatMap(([column, milliseconds]): Point[] => {
      const count = Number(/^(\d+) taken, ms$/.exec(column)?.[1]);
      // A logarithmic axis has no zero.
      return count > 0 && milliseconds !== undefined
        ? [{ name: wordsFor(name), x: count, y: milliseconds / 1000 }]
        : [];
    }),
  );
  const most = Math.max(...points.map(({ x }) => x));
  const [ours, ...others] = points.filter(({ x }) => x === most);
  const slow = others.map(({ y }) => `${Math.round(y / 60)} minutes`);
  const fast = `${(ours?.y ?? NaN).toFixed(2)} s`;
  const labels = new Map([[ours, fast], ...others.slice(0, 1).map((point) => [point, slow[0]] as const)]);
  return drawLines({
    id,
    title: `Saving an image: ${slow[0]} against ${fast}`,
    subtitle: `when ${most.toLocaleString('en-US')} others have its name; in-memory S3, 20 ms away`,
    x: 'how many images have the name',
    y: 'seconds',
    scale: 'log',
    ticks: { x: [...new Set(points.map(({ x }) => x))], y: [0.01, 0.1, 1, 10, 100] },
    points: points.map((point) => ({ ...point, label: labels.get(point) })),
  });
}

/** Draws how long one of many takes, by how many there are: a line that does not rise is growth in a straight line, or less. */
function drawGrowth({ id, points = [] }: PublishedResults, words: Record<'title' | 'x' | 'y', string>): Promise<void> {
  const names = [...new Set(points.map(({ name }) => String(name)))];
  return drawLines({
    id,
    subtitle: AT_SOME_DISTANCE,
    ...words,
    scale: 'log',
    ticks: {
      x: [...new Set(points.map(({ size }) => Number(size)))],
      y: [1, 10, 100].flatMap((power) => [0.1, 0.2, 0.5, 1, 2, 5].map((one) => one * power)),
    },
    points: names.flatMap((name) =>
      points
        .filter((point) => point.name === name)
        .map((point) => ({ name: wordsFor(name), x: Number(point.size), y: Number(point['ms each']) })),
    ),
  });
}

/** Draws how long commands take to copy files to a bucket, by the number of files. */
function drawMigrate({ id, points = [] }: PublishedResults): Promise<void> {
  // A second run copies nothing.
  const names = [...new Set(points.map(({ name }) => String(name)))].filter((name) => !name.endsWith(' again'));
  return drawLines({
    id,
    title: 'Copying files of 20 KB to a bucket',
    subtitle: 'In-memory S3, 10 ms away',
    x: 'files',
    y: 'seconds',
    scale: 'log',
    ticks: { x: [100, 1_000, 10_000, 100_000], y: [0.1, 1, 10, 100] },
    points: names.flatMap((name) =>
      points
        .filter((point) => point.name === name)
        .map(({ files, seconds }) => ({ name: wordsFor(name), x: Number(files), y: Number(seconds) })),
    ),
  });
}

/** Draws what a process uses in ten minutes of load. */
function drawSoak({ id, points = [] }: PublishedResults): Promise<void> {
  const columns = Object.keys(points[0] ?? {}).filter((column) => column !== 'minutes');
  return drawLines({
    id,
    title: 'Ten minutes of uploads, image sizes and streams',
    subtitle: 'Median of each half minute; in-memory S3 without a distance',
    x: 'minutes',
    y: 'MB, or number',
    scale: 'linear',
    points: columns.flatMap((column) =>
      points.map((point) => ({ name: column, x: Number(point.minutes), y: Number(point[column]) })),
    ),
  });
}
