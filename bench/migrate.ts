import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Benchmark } from './support/benchmark';
import { drawChart } from './support/charts';
import { cleanEnvironment } from './support/child';
import { publish, type Row } from './support/results';
import { startS3Server, type S3Server } from './support/s3-server';
import { median } from './support/statistics';

const CLI = path.resolve(__dirname, '../dist/cli.js');
const LATENCY_MS = 10;
const FILE_BYTES = 20_000;
/** Numbers of files. Only `migrate` is fast enough for 100,000. */
const COUNTS = [100, 1_000, 10_000, 20_000, 100_000];
const MOST_OF_OTHERS = 20_000;
/** The number of files for which the memory of the commands is compared. */
const COMPARED = 20_000;
/** How often the commands run with so few files that a single run says little. */
const ROUNDS_OF_FEW = 3;
const FEW_FILES = 1_000;
/** The commands that run a second time, with nothing left to do. */
const AGAIN = ['migrate', 'rclone --transfers 32 --checkers 32'];
const MANY_FILES = 200_000;
const SMALL_FILE_BYTES = 500;
const FILES_PER_FOLDER = 500;

/** Writes a content folder in which no two files are the same. */
function writeContent(folder: string, files: number, bytes: number): void {
  for (let index = 0; index < files; index += 1) {
    const month = String(Math.floor(index / FILES_PER_FOLDER)).padStart(4, '0');
    const directory = path.join(folder, 'images', month);
    if (index % FILES_PER_FOLDER === 0) {
      mkdirSync(directory, { recursive: true });
    }
    writeFileSync(path.join(directory, `${index}.jpg`), randomBytes(bytes));
  }
}

interface Point extends Record<string, string | number> {
  name: string;
  files: number;
  seconds: number;
}

interface Measured {
  seconds: number;
  /** Peak memory of the process, in MB. */
  megabytes: number;
}

async function measure(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<Measured> {
  const startedAt = performance.now();
  const child = spawn(command, args, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-2_000)));
  let kilobytes = 0;
  const watch = setInterval(() => {
    try {
      const [, peak = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      kilobytes = Math.max(kilobytes, Number(peak));
    } catch {
      // The process has ended in the meantime.
    }
  }, 50);
  const [code] = (await once(child, 'exit').finally(() => clearInterval(watch))) as [number | null];
  if (code !== 0) {
    throw new Error(`${command} ended with ${code}: ${complaints}`);
  }
  return { seconds: (performance.now() - startedAt) / 1000, megabytes: (kilobytes * 1024) / 1e6 };
}

/** Returns the commands that copy a content folder to a bucket. */
function commandsFor({ endpoint, region, accessKeyId, secretAccessKey }: S3Server, content: string) {
  const aws = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const images = path.join(content, 'images');
  const rclone = (bucket: string, ...options: string[]) =>
    measure('rclone', ['copy', ...options, images, `s3:${bucket}/content/images`], {
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_S3_TYPE: 's3',
      RCLONE_CONFIG_S3_PROVIDER: 'Other',
      RCLONE_CONFIG_S3_ENDPOINT: endpoint,
      RCLONE_CONFIG_S3_REGION: region,
      RCLONE_CONFIG_S3_ACCESS_KEY_ID: accessKeyId,
      RCLONE_CONFIG_S3_SECRET_ACCESS_KEY: secretAccessKey,
      RCLONE_S3_NO_CHECK_BUCKET: 'true',
    });
  const sync = (bucket: string, env: NodeJS.ProcessEnv = {}) =>
    measure(
      '/usr/bin/aws',
      ['--endpoint-url', endpoint, 's3', 'sync', '--quiet', images, `s3://${bucket}/content/images`],
      { ...aws, ...env },
    );
  return {
    migrate: (bucket: string) => {
      const target = ['--bucket', bucket, '--region', region, '--cdn-url', 'https://images.example.com'];
      const server = ['--endpoint', endpoint, '--force-path-style'];
      return measure(process.execPath, [CLI, 'migrate', '--content', content, ...target, ...server], aws);
    },
    rclone: (bucket: string) => rclone(bucket),
    // As many files at a time as `migrate`.
    'rclone --transfers 32 --checkers 32': (bucket: string) => rclone(bucket, '--transfers', '32', '--checkers', '32'),
    'aws s3 sync': (bucket: string) => sync(bucket),
    'aws s3 sync with max_concurrent_requests 32': (bucket: string) => {
      const file = path.join(path.dirname(content), 'aws-config');
      writeFileSync(file, '[default]\ns3 =\n  max_concurrent_requests = 32\n');
      return sync(bucket, { AWS_CONFIG_FILE: file });
    },
  };
}

/**
 * Measures copying files of 20 KB to a bucket 10 ms away, then a second run with nothing left to do; then many small files
 * without latency, for the memory. Needs Debian's packages rclone and awscli.
 */
export const migrate: Benchmark = async ({ folder, ghost }) => {
  // First, so that a missing program is noticed at once.
  const versions = { rclone: versionOf('rclone', 'version'), 'aws-cli': versionOf('/usr/bin/aws', '--version') };
  const rows: Row[] = [];
  const points: Point[] = [];
  for (const count of COUNTS) {
    const content = path.join(folder, 'content');
    const server = await startS3Server({ latencyMs: LATENCY_MS });
    try {
      writeContent(content, count, FILE_BYTES);
      for (const [name, run] of Object.entries(commandsFor(server, content))) {
        if (name !== 'migrate' && count > MOST_OF_OTHERS) {
          continue;
        }
        for (const [what, { seconds, megabytes }] of await measureRounds(server, name, run, count)) {
          points.push({ name: what, files: count, seconds });
          if (count === COMPARED) {
            const remark = what.endsWith(' again') ? 'nothing to do' : undefined;
            rows.push({ name: what, values: { seconds, 'memory, MB': megabytes }, remark });
          }
        }
      }
    } finally {
      await server.close();
      rmSync(content, { recursive: true, force: true });
    }
  }
  rows.push(await manySmallFiles(folder));
  const title = `${COMPARED.toLocaleString('en-US')} files of ${FILE_BYTES / 1000} KB into a bucket, ${LATENCY_MS} ms away`;
  const compared = rows.map((row) => (row.name === 'migrate' ? { ...row, name: 'S3CloudFrontStorage' } : row));
  publish(
    { id: 'migrate', title, rows: compared, compared: 'seconds', moreIsBetter: false, versions, points },
    ghost.version,
  );
  await drawChart('migrate');
};

/** Runs a command on empty buckets, and some again, and returns the median of each by its name. */
async function measureRounds(
  server: S3Server,
  name: string,
  run: (bucket: string) => Promise<Measured>,
  count: number,
): Promise<[string, Measured][]> {
  const bucket = 'bench-migrate';
  const runs = new Map<string, Measured[]>();
  const keep = (what: string, measured: Measured) => runs.set(what, [...(runs.get(what) ?? []), measured]);
  for (let round = 0; round < (count > FEW_FILES ? 1 : ROUNDS_OF_FEW); round += 1) {
    await server.createBucket(bucket);
    keep(name, await run(bucket));
    if (AGAIN.includes(name) && count <= MOST_OF_OTHERS) {
      keep(`${name} again`, await run(bucket));
    }
  }
  return [...runs].map(([what, all]) => [
    what,
    {
      seconds: median(all.map(({ seconds }) => seconds)),
      megabytes: median(all.map(({ megabytes }) => megabytes)),
    },
  ]);
}

async function manySmallFiles(folder: string): Promise<Row> {
  const content = path.join(folder, 'many');
  const server = await startS3Server({});
  try {
    writeContent(content, MANY_FILES, SMALL_FILE_BYTES);
    await server.createBucket('bench-many');
    const { seconds, megabytes } = await commandsFor(server, content).migrate('bench-many');
    const name = `migrate, ${MANY_FILES.toLocaleString('en-US')} files`;
    return { name, values: { seconds, 'memory, MB': megabytes }, remark: `${SMALL_FILE_BYTES} bytes each, no latency` };
  } finally {
    await server.close();
    rmSync(content, { recursive: true, force: true });
  }
}

const versionOf = (command: string, question: string) =>
  /\d+\.\d+\.\d+/.exec(execFileSync(command, [question], { encoding: 'utf8' }))?.[0] ?? 'unknown';
