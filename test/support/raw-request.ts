import { once } from 'node:events';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** The beginning of an HTTP answer. */
export interface RawAnswer {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
}

/**
 * Asks a server on this machine for a target that no client of HTTP would send.
 *
 * @param target is sent as it is, in UTF-8
 * @param headers besides, each line as it is sent
 */
export async function requestRaw(port: number, target: string, headers: string[] = []): Promise<RawAnswer> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  const lines = [`GET ${target} HTTP/1.1`, 'Host: blog.example.com', 'Connection: close', ...headers];
  // The server may have answered, and gone, before all of it is sent.
  socket.on('error', () => undefined);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const answer = (await buffer(socket).catch(() => Buffer.alloc(0))).toString('latin1');
  const [head = ''] = answer.split('\r\n\r\n', 1);
  const [first = '', ...others] = head.split('\r\n');
  return {
    status: Number(first.split(' ')[1] ?? 0),
    headers: Object.fromEntries(
      others.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    ),
  };
}
