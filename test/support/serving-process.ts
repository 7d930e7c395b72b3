// A separate process that serves a bucket through the built adapter, like a Ghost whose site is its own CDN.
// Forked with the block of Ghost's configuration as JSON. Sends its port, and then a `Possessions` for each message.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readdir, readlink } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The resources that the process holds after garbage collection. */
export interface Possessions {
  /** Connections of visitors. */
  visitors: number;
  /**
   * Sockets in use. An idle one in a pool does not count, since it does not keep Node from exiting.
   */
  socketsInUse: number;
  /** The targets of all file descriptors in /proc/self/fd; undefined without such a folder. */
  handles?: { sockets: number; files: number };
  /** Bytes of live objects, buffers included. */
  aliveBytes: number;
  /** Bytes of the process's resident memory. */
  residentBytes: number;
  /** The errors that the middleware passed to Ghost's error handler. */
  errors: string[];
}

type Serve = (request: IncomingMessage, response: ServerResponse, next: (error?: Error) => void) => void;

async function main(options: Record<string, unknown>): Promise<void> {
  const built = path.resolve(__dirname, '../../dist/index.js');
  const Storage = ((await import(built)) as { default: new (options: unknown) => { serve(): Serve } }).default;
  const serve = new Storage(options).serve();
  const errors: string[] = [];
  const server = createServer((request, response) => {
    serve(request, response, (error) => {
      errors.push(String(error));
      response.destroy();
    });
  }).listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

  process.on('message', () => {
    void (async () => {
      const visitors = await new Promise<number>((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      );
      const socketsInUse = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
      global.gc?.();
      // Finalizers have released more garbage by now.
      await sleep(50);
      global.gc?.();
      const { heapUsed, external, rss } = process.memoryUsage();
      const possessions: Possessions = {
        visitors,
        socketsInUse,
        handles: await openHandles(),
        aliveBytes: heapUsed + external,
        residentBytes: rss,
        errors,
      };
      process.send?.(possessions);
    })();
  });
}

async function openHandles(): Promise<Possessions['handles']> {
  const folder = '/proc/self/fd';
  if (process.platform !== 'linux') return undefined;
  const targets = await Promise.all(
    // The descriptor that read the folder is closed by now.
    (await readdir(folder)).map((name) => readlink(path.join(folder, name)).catch(() => '')),
  );
  return {
    sockets: targets.filter((target) => target.startsWith('socket:')).length,
    files: targets.filter((target) => target.startsWith('/') && !target.startsWith('/proc/')).length,
  };
}

main(JSON.parse(process.argv[2] ?? '') as Record<string, unknown>).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
