import { request } from 'node:http';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/**
 * Gets a URL whose host is this machine under whatever name: not every resolver knows that `*.localhost` is loopback,
 * as browsers do. Redirects are not followed.
 */
export function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: pathname + search, headers: { host, ...headers } };
    request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    })
      .once('error', reject)
      .end();
  });
}

/** As `get`, and follows up to five redirects, as a browser does. */
export async function getFollowing(url: string): Promise<Answer & { url: string }> {
  let at = url;
  for (let hop = 0; hop <= 5; hop += 1) {
    const answer = await get(at);
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status > 399 || typeof location !== 'string') return { ...answer, url: at };
    at = new URL(location, at).href;
  }
  throw new Error(`${url} redirects without end; at last to ${at}.`);
}
