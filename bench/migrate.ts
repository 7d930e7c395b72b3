// Uploads 20,000 files of 20 KB to an S3 that is 10 ms away: with `migrate`, with rclone, with the AWS CLI (Debian's
// packages rclone and awscli), each into a bucket of its own; then `migrate` again, with nothing to do; then `migrate`
// with 200,000 small files. Prints what each takes of time and memory.
//
//   npm run build && npx tsx bench/migrate.ts
import { fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { InMemoryS3Options } from '../test/support/in-memory-s3';
import type { S3Process } from '../test/support/migrate/s3-process';

const CLI = path.resolve(__dirname, '../dist/cli.js');
const LATENCY_MS = 10;
const FILES = 20_000;
const FILE_BYTES = 20_000;
const MANY_FILES = 200_000;
const SMALL_FILE_BYTES = 500;
const FILES_PER_FOLDER = 500;

interface Server extends S3Process {
  createBucket(name: string): Promise<void>;
  close(): Promise<void>;
}

async function startServer(options: InMemoryS3Options): Promise<Server> {
  const script = path.resolve(__dirname, '../test/support/migrate/s3-process.ts');
  const child = fork(script, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] });
  const [address] = (await once(child, 'message')) as [S3Process];
  return {
    ...address,
    async createBucket(name) {
      child.send(name);
      await once(child, 'message');
    },
    async close() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** Writes a content folder whose files all differ. */
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

interface Measured {
  seconds: number;
  /** Most memory that the process and its children held, in MB; of one that reports it itself. */
  megabytes: number;
}

async function measure(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<Measured> {
  const startedAt = performance.now();
  // Not what is set for AWS on this machine.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const child = spawn(command, args, {
    env: { ...Object.fromEntries(own), ...env },
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
      // It has ended meanwhile.
    }
  }, 50);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(watch);
  if (code !== 0) {
    throw new Error(`${command} ended with ${code}: ${complaints}`);
  }
  return { seconds: (performance.now() - startedAt) / 1000, megabytes: (kilobytes * 1024) / 1e6 };
}

/** The commands that bring a content folder into a bucket. */
function commandsFor({ endpoint, region, accessKeyId, secretAccessKey }: Server, content: string) {
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
  return {
    migrate: (bucket: string) => {
      const target = ['--bucket', bucket, '--region', region, '--cdn-url', 'https://images.example.com'];
      const server = ['--endpoint', endpoint, '--force-path-style'];
      return measure(process.execPath, [CLI, 'migrate', '--content', content, ...target, ...server], aws);
    },
    rclone: (bucket: string) => rclone(bucket),
    // As many files at a time as migrate.
    'rclone --transfers 32 --checkers 32': (bucket: string) => rclone(bucket, '--transfers', '32', '--checkers', '32'),
    'aws s3 sync': (bucket: string) =>
      measure(
        '/usr/bin/aws',
        ['--endpoint-url', endpoint, 's3', 'sync', '--quiet', images, `s3://${bucket}/content/images`],
        aws,
      ),
  };
}

function show(what: string, { seconds, megabytes }: Measured): void {
  console.log(`${what.padEnd(72)} ${seconds.toFixed(1).padStart(7)} s ${megabytes.toFixed(0).padStart(6)} MB`);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-migrate-'));
  const servers: Server[] = [];
  try {
    const content = path.join(folder, 'content');
    writeContent(content, FILES, FILE_BYTES);
    const far = await startServer({ latencyMs: LATENCY_MS });
    servers.push(far);
    const commands = commandsFor(far, content);
    const size = `${FILES.toLocaleString('en-US')} files of ${FILE_BYTES / 1000} KB, ${LATENCY_MS} ms away`;
    for (const [index, [name, run]] of Object.entries(commands).entries()) {
      const bucket = `bench-${index}`;
      await far.createBucket(bucket);
      show(`${name}, ${size}`, await run(bucket));
    }
    show(`migrate again, nothing to do`, await commands.migrate('bench-0'));

    const many = path.join(folder, 'many');
    writeContent(many, MANY_FILES, SMALL_FILE_BYTES);
    const near = await startServer({});
    servers.push(near);
    await near.createBucket('bench-many');
    const { migrate } = commandsFor(near, many);
    show(
      `migrate, ${MANY_FILES.toLocaleString('en-US')} files of ${SMALL_FILE_BYTES} bytes`,
      await migrate('bench-many'),
    );
    show(`migrate again, nothing to do`, await migrate('bench-many'));
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
