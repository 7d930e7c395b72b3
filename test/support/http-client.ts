import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * Sends a request as Node's `http.request` does, over TLS when the protocol is `https:`.
 *
 * @returns the whole answer; redirects are not followed
 * @throws the error of a connection that broke, also in the middle of the body
 */
export function send(options: RequestOptions, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const receive = (response: IncomingMessage) => {
      buffer(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes }),
        reject,
      );
    };
    const request = options.protocol === 'https:' ? httpsRequest : httpRequest;
    request(options, receive).once('error', reject).end(body);
  });
}

/**
 * Gets an http: URL from this machine, whatever host it names: not every resolver knows that `*.localhost` is loopback,
 * as browsers do.
 */
export function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const { host, port, pathname, search } = new URL(url);
  return send({ host: '127.0.0.1', port, path: pathname + search, headers: { host, ...headers } });
}

/** Gets a URL as `get` does, and follows up to five redirects, as a browser does. */
export async function getFollowing(url: string): Promise<Answer & { url: string }> {
  let at = url;
  for (let hop = 0; hop <= 5; hop += 1) {
    const answer = await get(at);
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status > 399 || location === undefined) return { ...answer, url: at };
    at = new URL(location, at).href;
  }
  throw new Error(`${url} redirects endlessly, finally to ${at}.`);
}

/**
 * Gets a target that no HTTP client would send from a server on this machine.
 *
 * @param target sent unchanged, in UTF-8
 * @param headers further lines, sent unchanged
 * @returns the beginning of the answer, with lower-case header names; the status is 0 when there was none
 */
export async function requestRaw(
  port: number,
  target: string,
  headers: string[] = [],
): Promise<{ status: number; headers: Record<string, string> }> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  const lines = [`GET ${target} HTTP/1.1`, 'Host: blog.example.com', 'Connection: close', ...headers];
  // The server may have answered and left before all of the request is sent.
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
