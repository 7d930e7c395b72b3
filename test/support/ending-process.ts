// A process that deletes through the built adapter and is then told to exit, like a Ghost that is restarted.
// Usage: ending-process.ts JSON, with the fields of `EndingOrder`; prints "deleted", and waits for its SIGTERM.
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface EndingOrder {
  /** The block of Ghost's configuration. */
  options: Record<string, unknown>;
  name: string;
  directory: string;
  /** How long (ms) Ghost cleans up between the signal and its exit. */
  tidyingMs: number;
}

interface Adapter {
  delete(name: string, directory: string): Promise<void>;
}

async function main({ options, name, directory, tidyingMs }: EndingOrder): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  process.on('SIGTERM', () => {
    server.close(() => void sleep(tidyingMs).then(() => process.exit(0)));
  });
  const built = path.resolve(__dirname, '../../dist/index.js');
  const Storage = ((await import(built)) as { default: new (options: unknown) => Adapter }).default;
  await new Storage(options).delete(name, directory);
  console.log('deleted');
}

main(JSON.parse(process.argv[2] ?? '') as EndingOrder).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
