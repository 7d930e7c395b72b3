// A separate process that stores and serves with one adapter, as Ghost does.
// Forked with `StorageOptions` as JSON; sends "ready", then an answer to each `StorageQuestion`.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStorage, type Handler, type Storage, type StorageOptions } from './storages';

/** The tasks of the process. */
export type StorageQuestion =
  /** Saves one file under several names, `atATime` in parallel. */
  | { do: 'save'; file: string; names: string[]; directory: string; atATime: number }
  /**
   * Saves files, `atATime` in parallel, and reports the outcome of each. A save counts as hung after `timeoutMs`; the
   * next one starts after `nextAfterMs` at the latest.
   */
  | {
      do: 'save each';
      files: { name: string; path: string }[];
      directory: string;
      atATime: number;
      nextAfterMs: number;
      timeoutMs: number;
    }
  /** Serves on a free port. */
  | { do: 'serve' };

/** The outcome of a save: a URL, an error, or neither if it hung. */
export interface Outcome {
  url?: string;
  /** The message that the editor sees. */
  error?: string;
  milliseconds: number;
}

export interface StorageAnswer {
  /** For each save. */
  milliseconds?: number[];
  /** For all saves together. */
  totalMilliseconds?: number;
  /** Peak growth of the process's memory. */
  extraBytes?: number;
  port?: number;
  /** For each file, in order. */
  outcomes?: Outcome[];
  /** The reason why the task failed. */
  error?: string;
}

async function save(
  storage: Storage,
  { file, names, directory, atATime }: Extract<StorageQuestion, { do: 'save' }>,
): Promise<StorageAnswer> {
  global.gc?.();
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
  const milliseconds: number[] = [];
  const waiting = names.slice();
  const startedAt = performance.now();
  const one = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const begin = performance.now();
      await storage.save({ name, path: file, type: 'image/jpeg' }, directory);
      milliseconds.push(performance.now() - begin);
    }
  };
  try {
    await Promise.all(Array.from({ length: atATime }, one));
  } finally {
    clearInterval(watch);
  }
  return { milliseconds, totalMilliseconds: performance.now() - startedAt, extraBytes: peak - before };
}

async function saveEach(
  storage: Storage,
  { files, directory, atATime, nextAfterMs, timeoutMs }: Extract<StorageQuestion, { do: 'save each' }>,
): Promise<StorageAnswer> {
  const outcomes: Promise<Outcome>[] = [];
  const waiting = [...files.entries()];
  const one = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, file] = next;
      const begin = performance.now();
      const ended = (outcome: object): Outcome => ({ ...outcome, milliseconds: performance.now() - begin });
      const saving = storage.save({ ...file, type: 'image/jpeg' }, directory).then(
        (url) => ended({ url }),
        (error: unknown) => ended({ error: error instanceof Error ? error.message : String(error) }),
      );
      outcomes[index] = Promise.race([saving, sleep(timeoutMs).then(() => ended({}))]);
      await Promise.race([saving, sleep(nextAfterMs)]);
    }
  };
  await Promise.all(Array.from({ length: atATime }, one));
  return { outcomes: await Promise.all(outcomes) };
}

async function serve(storage: Storage, ghost: string): Promise<StorageAnswer> {
  const handler = storage.serve?.();
  if (!handler) {
    throw new Error('It does not serve.');
  }
  // Ghost's own Express, which calls the adapter's middleware.
  const ofGhost = createRequire(path.join(ghost, 'package.json'));
  const express = ofGhost('express') as () => { use(path: string, handler: Handler): void };
  const application = express();
  application.use('/content/images', handler);
  const server = createServer(application as unknown as Parameters<typeof createServer>[1]);
  // Visitors decide how long to keep connections: one that closes just as it is used again would end the benchmark.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port };
}

async function answer(storage: Storage, question: StorageQuestion, { ghost }: StorageOptions): Promise<StorageAnswer> {
  switch (question.do) {
    case 'save':
      return save(storage, question);
    case 'save each':
      return saveEach(storage, question);
    case 'serve':
      return serve(storage, ghost);
  }
}

function main(options: StorageOptions): void {
  Object.assign(process.env, options.bucket.environment);
  const storage = createStorage(options);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (question: StorageQuestion) => {
    answer(storage, question, options).then(
      (given) => process.send?.(given),
      (error: unknown) => process.send?.({ error: String(error) } satisfies StorageAnswer),
    );
  });
  process.send?.('ready');
}

main(JSON.parse(process.argv[2] ?? '') as StorageOptions);
