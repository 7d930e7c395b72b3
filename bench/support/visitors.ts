import { get, type Agent } from 'node:http';
import type { Contender } from './contenders';

/** The position a viewer skips to, and how much a player needs from there, in bytes. */
export interface Seek {
  from: number;
  bytes: number;
}

/** A response, as the client sees it. */
interface Received {
  status: number;
  firstByteMs: number;
  /** Until all the bytes that were asked for had arrived. */
  enoughMs: number;
  bytes: number;
}

/** Has a contender serve, and returns its port. */
export async function portOf(contender: Contender): Promise<number> {
  const { port = 0 } = await contender.ask({ do: 'serve' });
  return port;
}

/**
 * Has visitors request an image at the same time, several times.
 *
 * @returns how long it takes until all of them have it, each time, in milliseconds
 * @throws Error if one of them gets only a part
 */
export async function serveCrowds(
  port: number,
  image: { key: string; bytes: number },
  visitors: number,
  times: number,
): Promise<number[]> {
  const milliseconds: number[] = [];
  while (milliseconds.length < times) {
    const begin = performance.now();
    const all = await Promise.all(Array.from({ length: visitors }, () => fetchFrom(port, image.key)));
    milliseconds.push(performance.now() - begin);
    if (all.some((received) => received.bytes !== image.bytes)) {
      throw new Error('A client did not receive the whole image.');
    }
  }
  return milliseconds;
}

/** @param seek the range to ask for; if more is sent, the client reads until it has the range */
export function fetchFrom(port: number, key: string, agent?: Agent, seek?: Seek): Promise<Received> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const headers = seek && { range: `bytes=${seek.from}-${seek.from + seek.bytes - 1}` };
    const request = get({ host: '127.0.0.1', port, path: `/content/images/${key}`, agent, headers }, (response) => {
      let bytes = 0;
      let firstByteMs = NaN;
      const end = () => {
        const enoughMs = performance.now() - begin;
        resolve({ status: response.statusCode ?? 0, firstByteMs, enoughMs, bytes });
      };
      const isPart = response.statusCode === 206;
      const enough = seek === undefined || isPart ? Infinity : seek.from + seek.bytes;
      response.on('data', (piece: Buffer) => {
        firstByteMs = bytes === 0 ? performance.now() - begin : firstByteMs;
        bytes += piece.length;
        if (bytes >= enough) {
          response.destroy();
          end();
        }
      });
      response.once('end', end);
      response.once('error', reject);
    });
    request.once('error', reject);
  });
}
