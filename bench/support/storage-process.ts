// A process of its own that stores and serves by one adapter, as a Ghost does.
// Forked with JSON, the `StorageOptions`; says that it is ready, and then answers each `StorageQuestion`.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStorage, type Handler, type Storage, type StorageOptions } from './storages';

/** What the process may be asked to do. */
export type StorageQuestion =
  /** Saves a file under names of its own, some of them at a time. */
  | { do: 'save'; file: string; names: string[]; directory: string; atATime: number }
  /**
   * Saves files, some of them at a time, and says of each what became of it: nobody waits longer than `patienceMs` for
   * one, nor begins the next one later than `handOverMs` for its sake.
   */
  | {
      do: 'save each';
      files: { name: string; path: string }[];
      directory: string;
      atATime: number;
      handOverMs: number;
      patienceMs: number;
    }
  /** Serves on a port of its own. */
  | { do: 'serve' };

/** What became of a file that was to be saved: neither a URL nor an error when it hangs. */
export interface Outcome {
  url?: string;
  /** As the editor sees it. */
  error?: string;
  milliseconds: number;
}

export interface StorageAnswer {
  /** Of each save, in milliseconds. */
  milliseconds?: number[];
  /** Of all of them together. */
  totalMilliseconds?: number;
  /** How much the memory of the process grew at most meanwhile. */
  extraBytes?: number;
  port?: number;
  /** Of each file, in their order. */
  outcomes?: Outcome[];
  /** Why it cannot be done. */
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
  { files, directory, atATime, handOverMs, patienceMs }: Extract<StorageQuestion, { do: 'save each' }>,
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
      outcomes[index] = Promise.race([saving, sleep(patienceMs).then(() => ended({}))]);
      await Promise.race([saving, sleep(handOverMs)]);
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
  // Ghost's own, by which adapters are asked.
  const ofGhost = createRequire(path.join(ghost, 'package.json'));
  const express = ofGhost('express') as () => { use(path: string, handler: Handler): void };
  const application = express();
  application.use('/content/images', handler);
  const server = createServer(application as unknown as Parameters<typeof createServer>[1]);
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
