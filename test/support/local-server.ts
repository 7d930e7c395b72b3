import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

/** Ports that no system gives to connections by itself: a server that starts again finds its port free. */
const [LOWEST_PORT, HIGHEST_PORT] = [15_000, 31_000];

/**
 * Makes a server listen on 127.0.0.1.
 *
 * @param port a free one by default
 * @returns the port
 * @throws the operating system's error, such as when the port is taken
 */
export async function listen(server: Server, port?: number): Promise<number> {
  for (;;) {
    try {
      server.listen(port ?? randomInt(LOWEST_PORT, HIGHEST_PORT), '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if (port !== undefined || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

/** Stops an HTTP server and cuts its connections. */
export async function stop(server: HttpServer): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
