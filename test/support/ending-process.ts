// A process that deletes through the built adapter and is then told to exit, like a Ghost that is restarted.
// Usage: ending-process.ts JSON, with the fields of `EndingOrder`; prints "deleted", and waits for its SIGTERM. Ghost then
// cleans up, here until the standard input ends.
import { createServer } from 'node:http';
import path from 'node:path';

export interface EndingOrder {
  /** The block of Ghost's configuration. */
  options: Record<string, unknown>;
  name: string;
  directory: string;
  /** After how long (ms) paths are sent to CloudFront, which does not happen here: only the signal remains. */
  gatheringMs: number;
}

interface Adapter {
  delete(name: string, directory: string): Promise<void>;
}

async function main({ options, name, directory, gatheringMs }: EndingOrder): Promise<void> {
  const { setTimeout: start } = globalThis;
  const startOthers = (run: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) =>
    start(ms === gatheringMs ? () => undefined : run, ms, ...given);
  Object.assign(globalThis, { setTimeout: startOthers });
  const server = createServer().listen(0, '127.0.0.1');
  process.on('SIGTERM', () => {
    server.close(() => process.stdin.once('end', () => process.exit(0)).resume());
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
