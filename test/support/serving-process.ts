// A process of its own that serves a bucket through the built adapter, as a Ghost does whose site is its own CDN.
// Forked with JSON, the block of Ghost's configuration. Sends its port first, and from then on, whenever it gets a
// message, a `Possessions`.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readdir, readlink } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the process holds at a moment, after its garbage was collected. */
export interface Possessions {
  /** Connections of visitors. */
  visitors: number;
  /**
   * Sockets that are in use, to whomever. One that waits in a pool for the next request does not count: Node would end
   * in spite of it.
   */
  socketsInUse: number;
  /** Everything of which there is a number in /proc/self/fd, by what it is; undefined where there is no such folder. */
  handles?: { sockets: number; files: number };
  /** Bytes of the objects that are alive, buffers included. */
  aliveBytes: number;
  /** Bytes that the operating system has given to the process. */
  residentBytes: number;
  /** What the middleware passed on to Ghost's error handler. */
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
      // What finalizers let go is garbage only now.
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
    // The one by which the folder itself was read is gone by now.
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
