// Builds the tables of docs/benchmarks.md from bench/results, so that they show what the benchmarks wrote.
import { measuredCommands } from './measured-commands';
import { measuredGrowth } from './measured-growth';
import { both, facts, number, of, read, tableOf, type Values } from './measured-results';

/** The contenders' names in the results, and in the headings of the tables. */
const CONTENDERS: Record<string, string> = {
  S3CloudFrontStorage: 'this adapter',
  "Ghost's S3Storage": "Ghost's `S3Storage`",
  ghos3: '`ghos3`',
  'ghost-storage-adapter-s3': '`ghost-storage-` `adapter-s3`',
};

/** A row: its text, the ID of its results, and the function that fills a cell. */
type TableRow = [words: string, id: string, cell: (values: Values) => string | undefined];

/** Formats a count of the hostile inputs. */
const ofInputs = (column: string) => (values: Values) => `${number(values[column])} of ${number(values.inputs)}`;

/** Formats the bytes of the images of a page, or how many of them a visitor does not see. */
const imagesOfPage = (values: Values) => {
  const [all = 0, shown = 0] = [values['images on the page'], values['images shown']];
  return shown < all ? `${number(all - shown)} of ${number(all)} broken` : of('KB', ' KB')(values);
};

const PERFORMANCE: TableRow[] = [
  ['An image of 200 KB under a free name', 'save', of('ms each', ' ms')],
  ['… under a name that 10 others have', 'taken', of('10 taken, ms', ' ms')],
  ['… that 500 others have', 'taken', of('500 taken, ms', ' ms')],
  ['… … just after Ghost has started', 'taken', of('first of 500, ms', ' ms')],
  ['… that 5,000 others have', 'taken', of('5000 taken, ms', ' ms')],
  ['A video of 300 MB, and the memory for it', 'large', both(of('seconds', ' s'), of('extra MB', ' MB'))],
  [
    '16 editors at the same time: images per second, slowest 1 %',
    'editors',
    both(of('saves/s', ' /s'), of('p99, ms', ' ms')),
  ],
  ['An image size requested for the first time: waiting for S3', 'size', of('waits for S3, ms', ' ms')],
  ['Ghost streams an image: first byte', 'serve', of('first byte, ms', ' ms')],
  ['… a video: speed', 'serve', of('one stream, MB/s', ' MB/s')],
  ['… to 200 visitors at the same time', 'serve', of('200 clients, ms', ' ms')],
  ['… to a visitor who skips to the end of a video', 'serve', of('seek, ms', ' ms')],
  ['The images of a page with 20 photographs', 'page', imagesOfPage],
  [
    'Importing a zip with 1,000 images, and how much memory Ghost needs for it',
    'import',
    both(of('seconds', ' s'), of('more than before, MB', ' MB')),
  ],
  ['… images lost', 'import', of('lost', '')],
  ['Loading the adapter when Ghost starts', 'footprint', both(of('load, ms', ' ms'), of('memory, MB', ' MB'))],
  ['… until the first image is stored', 'footprint', both(of('first save, ms', ' ms'), of('memory then, MB', ' MB'))],
  ['Size on disk, as `install` adds it to Ghost', 'footprint', both(of('size, MB', ' MB'), of('files', ' files'))],
  ['… npm packages', 'footprint', of('packages', '')],
];

/** The benchmarks that also run on Ceph. Their results there are separate. */
const BENCHMARKS_ON_CEPH = ['save', 'large', 'editors', 'serve'];
const ON_CEPH = PERFORMANCE.filter(([, id]) => BENCHMARKS_ON_CEPH.includes(id)).map(([words, id, cell]): TableRow => [
  words,
  `${id}-ceph`,
  cell,
]);

const RELIABILITY: TableRow[] = [
  ['1,000 uploads with the same name from 4 processes: stored', 'reliability-race', of('survived', '')],
  ['… failed with an error', 'reliability-race', of('reported failed', '')],
  ['… lost without an error', 'reliability-race', of('lost', '')],
  ['1,000 uploads on a bad network: stored intact', 'reliability-network', of('stored intact', '')],
  ['… failed with an error', 'reliability-network', of('reported failed', '')],
  ['… not finished after 150 s', 'reliability-network', of('no end within 150 s', '')],
  ['… lost or corrupted without an error', 'reliability-network', of('lost or corrupted', '')],
  ['… multipart uploads left in the bucket', 'reliability-network', of('leaked multipart uploads', '')],
  [
    'Hostile paths, names and URLs: changed something outside the prefix',
    'reliability-paths',
    ofInputs('wrote or deleted outside'),
  ],
  ['… ended the process', 'reliability-paths', ofInputs('ended the process')],
  [
    'S3 does not respond for 30 s: an upload started during that time finishes after',
    'reliability-outage',
    (values) => of('silent: seconds', ' s')(values) ?? 'more than 300 s',
  ],
];

function table(rows: TableRow[]): string {
  const heads = ['', ...Object.values(CONTENDERS)];
  const lines = rows.map(([words, id, cell]) => {
    const { rows: measured } = read(id);
    const cells = Object.keys(CONTENDERS).map((name, index) => {
      const values = measured.find((row) => row.name === name)?.values ?? {};
      const shown = cell(values) ?? '–';
      return index === 0 ? `**${shown}**` : shown;
    });
    return [words, ...cells];
  });
  return tableOf(heads, lines);
}

const ADAPTERS = ['node', 'ghost', 'ghost-storage-s3-cloudfront', 'ghos3', 'ghost-storage-adapter-s3'];

const idsOf = (rows: TableRow[]): string[] => rows.map(([, id]) => id);

/** Returns what the load of ten minutes was, and what it left in the process. */
function soakText(): string {
  const { rows, date } = read('reliability-soak');
  const values = rows[0]?.values ?? {};
  const fromTo = (column: string) =>
    `${number(values[`${column}: first third`])} → ${number(values[`${column}: last third`])}`;
  return (
    `In ${number(values.minutes)} minutes, the adapter stored ${number(values.uploads)} uploads with their sizes, and sent ` +
    `${number(values.streams)} streams. Visitors left ${number(values['left in the middle'])} of them before the end. ` +
    'The table compares the first third of this time with the last:\n\n' +
    `| Memory | Heap | Sockets | File handles |\n| ---: | ---: | ---: | ---: |\n` +
    `| ${fromTo('memory, MB')} MB | ${fromTo('heap, MB')} MB | ${fromTo('sockets')} | ${fromTo('file handles')} |\n\n` +
    `Measured on ${date} by \`npm run bench:reliability -- soak\`.`
  );
}

const ON_CEPH_COMMAND = 'ceph=$(test/support/ceph-rgw/start.sh) && eval "$ceph" && npm run bench';

const TABLES: Record<string, () => string> = {
  performance: () => `${table(PERFORMANCE)}\n\n${facts(idsOf(PERFORMANCE), 'npm run bench', ADAPTERS)}`,
  ceph: () => `${table(ON_CEPH)}\n\n${facts(idsOf(ON_CEPH), ON_CEPH_COMMAND, ADAPTERS)}`,
  reliability: () => `${table(RELIABILITY)}\n\n${facts(idsOf(RELIABILITY), 'npm run bench:reliability', ADAPTERS)}`,
  soak: soakText,
  ...measuredCommands,
  ...measuredGrowth,
};

/**
 * Replaces the tables of a document by the last measurements.
 *
 * @param text a document with tables between `<!-- measured: NAME -->` and `<!-- end -->`
 * @returns the document, the columns of its tables not aligned
 * @throws Error for an unknown table, and for missing results
 */
export function withMeasuredTables(text: string): string {
  return text.replace(
    /(<!-- measured: (\w+) -->\n).*?(<!-- end -->)/gs,
    (_, begin: string, name: string, end: string) => {
      const make = TABLES[name];
      if (!make) {
        throw new Error(`There is no table "${name}". There are: ${Object.keys(TABLES).join(', ')}`);
      }
      return `${begin}\n${make()}\n\n${end}`;
    },
  );
}
