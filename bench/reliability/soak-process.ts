// A separate process that uploads, creates sizes and serves without a pause, as a busy Ghost does.
// Forked with `SoakOptions` as JSON; sends its port, then a `Sample` for each question.
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createStorage, type Handler, type Storage, type StorageOptions } from '../support/storages';

/** The argument of the process. */
export interface SoakOptions {
  storage: StorageOptions;
  /** Paths of temporary files of different sizes. */
  files: string[];
  /** How many uploads run at a time. */
  editors: number;
}

export interface Sample {
  rssBytes: number;
  heapBytes: number;
  sockets: number;
  /** All open file descriptors, sockets included. */
  fileHandles: number;
  uploads: number;
  failures: string[];
  /** Paths below `/content/images` that exist at the moment. */
  paths: string[];
}

/** How many uploads are kept in the bucket. */
const KEPT = 40;
const SIZE_BYTES = 20_000;

type Whole = Storage & {
  exists(name: string): Promise<boolean>;
  read(options: { path: string }): Promise<Buffer>;
  saveRaw(bytes: Buffer, target: string): Promise<string>;
  delete(name: string): Promise<void>;
  urlToPath(url: string): string;
};

async function main({ storage: options, files, editors }: SoakOptions): Promise<void> {
  const storage = createStorage(options) as Whole;
  const handler = storage.serve?.() as Handler;
  const server = createServer((request, response) => {
    request.url = request.url?.replace('/content/images', '');
    handler(request, response, (error) => {
      response.statusCode = error ? 500 : 404;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const stored: string[] = [];
  const failures: string[] = [];
  let uploads = 0;
  const upload = async () => {
    const file = files[uploads % files.length] ?? '';
    uploads += 1;
    const url = await storage.save({ name: `${path.basename(file)}-${uploads}.jpg`, path: file, type: 'image/jpeg' });
    const original = storage.urlToPath(url);
    const size = `size/w600/${original}`;
    if (!(await storage.exists(`/${size}`))) {
      await storage.read({ path: original });
      await storage.saveRaw(Buffer.alloc(SIZE_BYTES, uploads), size);
    }
    stored.push(original, size);
    await Promise.all(stored.splice(0, Math.max(0, stored.length - KEPT)).map((name) => storage.delete(name)));
  };
  const edit = async (): Promise<never> => {
    for (;;) {
      await upload().catch((error: unknown) => failures.push(String(error)));
    }
  };

  process.on('disconnect', () => process.exit(0));
  process.on('message', () => {
    global.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    process.send?.({
      rssBytes: rss,
      heapBytes: heapUsed,
      sockets: process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length,
      fileHandles: readdirSync('/proc/self/fd').length,
      uploads,
      failures: failures.splice(0),
      paths: [...stored],
    } satisfies Sample);
  });
  process.send?.((server.address() as AddressInfo).port);
  await Promise.all(Array.from({ length: editors }, edit));
}

void main(JSON.parse(process.argv[2] ?? '') as SoakOptions);
