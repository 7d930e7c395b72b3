import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { loadProxies } from '../../../core/proxies';

/** How many redirects to follow; the same number as in `fetch`. */
const MAX_REDIRECTS = 20;

/** Status codes of redirects. */
const REDIRECTS = [301, 302, 303, 307, 308];

/** A request in the form of `fetch`. */
export interface GhostRequest {
  method: string;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

/** Requests a URL like `fetch`, but through the proxies of the environment, which Node's `fetch` ignores. */
export async function requestGhost(url: string, request: GhostRequest): Promise<Response> {
  const proxies = await loadProxies();
  if (!proxies) {
    return fetch(url, request);
  }
  const agents = proxies.createAgents(1);
  try {
    let target = new URL(url);
    for (let redirects = 0; ; redirects += 1) {
      const answer = await send(target, request, target.protocol === 'https:' ? agents.httpsAgent : agents.httpAgent);
      const { location } = answer.headers;
      const status = answer.statusCode ?? 0;
      const next = location && URL.canParse(location, target.href) ? new URL(location, target) : undefined;
      // A request with a body is not repeated, and the key is not sent to another host.
      const isFollowed = REDIRECTS.includes(status) && request.body === undefined && next?.host === target.host;
      if (!isFollowed || redirects === MAX_REDIRECTS) {
        return new Response([204, 205, 304].includes(status) ? null : new Uint8Array(await buffer(answer)), { status });
      }
      answer.resume();
      target = next;
    }
  } finally {
    agents.httpAgent.destroy();
    agents.httpsAgent.destroy();
  }
}

function send(url: URL, { method, headers, body, signal }: GhostRequest, agent: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    start(url, { method, headers, signal, agent }, resolve).once('error', reject).end(body);
  });
}
