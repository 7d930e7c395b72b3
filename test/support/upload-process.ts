// A separate process that uploads through the built adapter, like one of several Ghosts on a bucket.
// Usage: upload-process.ts JSON, with the fields of `UploadOrder`; prints JSON, an `UploadReport`.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface UploadOrder {
  /** The block of Ghost's configuration. */
  options: Record<string, unknown>;
  /** Paths of the files to upload. */
  files: string[];
  /** Pause (ms) between the starts of two uploads; by default all start at once. */
  everyMs?: number;
  /** The name of all uploads; with `%d`, each gets its number in that place. */
  name: string;
  directory: string;
}

export interface UploadReport {
  /** In the order of the files. */
  urls: string[];
  /** Peak growth of the process's memory during the uploads, in bytes. */
  extraBytes: number;
}

interface Adapter {
  save(file: { name: string; path: string }, directory: string): Promise<string>;
  saveRaw(bytes: Uint8Array, target: string): Promise<string>;
}

async function main(order: UploadOrder): Promise<UploadReport> {
  const built = path.resolve(__dirname, '../../dist/index.js');
  const Storage = ((await import(built)) as { default: new (options: unknown) => Adapter }).default;
  const storage = new Storage(order.options);
  // Loading on first use is not a cost of the upload.
  await storage.saveRaw(Buffer.from('warm'), `warm-up/${process.pid}`);
  await readFile(__filename);

  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
  try {
    const urls = await Promise.all(
      order.files.map(async (file, index) => {
        await sleep(index * (order.everyMs ?? 0));
        return storage.save({ name: order.name.replace('%d', String(index)), path: file }, order.directory);
      }),
    );
    return { urls, extraBytes: peak - before };
  } finally {
    // The process exits even after a failure.
    clearInterval(watch);
  }
}

main(JSON.parse(process.argv[2] ?? '') as UploadOrder).then(
  (report) => console.log(JSON.stringify(report)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
