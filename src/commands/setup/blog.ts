import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { GhostSite } from '../../ghost-site/site';
import { get, internet, networkCodeOf, statusText } from '../doctor/network';

/** What the blog does with requests for its images. */
export interface BlogState {
  /** `disk`: it answers, and serves its images itself; `cdn`: it redirects to the CDN; `down`: it does not answer. */
  state: 'disk' | 'cdn' | 'down';
  /** Its answer, for the end of a sentence: `503`, `no answer (ECONNREFUSED)` */
  answer: string;
}

const REDIRECTS = [301, 302, 307, 308];

/** How long (ms) to wait before asking again. */
const PAUSE_MS = 500;

/**
 * Asks Ghost for an image that does not exist: the adapter redirects to the CDN, and Ghost's own storage answers 404.
 *
 * @param cdnUrl `https://images.example.com`
 */
export async function askBlog(site: GhostSite, cdnUrl: string, signal?: AbortSignal): Promise<BlogState> {
  const { url, headers } = addressOf(site);
  try {
    const answer = await get(internet, `${url}/content/images/${randomBytes(16).toString('hex')}.png`, {
      headers,
      signal,
    });
    const { location = '' } = answer.headers;
    const isCdn = URL.canParse(location) && new URL(location).host === new URL(cdnUrl).host;
    const state = answer.status >= 500 ? 'down' : REDIRECTS.includes(answer.status) && isCdn ? 'cdn' : 'disk';
    return { state, answer: statusText(answer) };
  } catch (error) {
    signal?.throwIfAborted();
    return { state: 'down', answer: `no answer (${networkCodeOf(error)})` };
  }
}

/**
 * Waits until the blog is in a state.
 *
 * @param isReached whether to stop waiting
 * @param seconds how long to wait at most
 * @returns its last state
 */
export async function waitForBlog(
  site: GhostSite,
  cdnUrl: string,
  isReached: (state: BlogState['state']) => boolean,
  seconds: number,
): Promise<BlogState> {
  const until = performance.now() + seconds * 1_000;
  for (;;) {
    const found = await askBlog(site, cdnUrl, AbortSignal.timeout(10_000)).catch((): BlogState => ({
      state: 'down',
      answer: 'no answer within 10 s',
    }));
    if (isReached(found.state) || performance.now() > until) {
      return found;
    }
    await setTimeout(PAUSE_MS);
  }
}

/** Returns where Ghost itself listens, so that no proxy answers in its place; the blog's own URL where that is not known. */
function addressOf({ config, compose }: GhostSite): { url: string; headers: Record<string, string> } {
  const { url = '', server } = config;
  const site = new URL(url);
  // The port of a container need not be one of this machine.
  if (server?.port === undefined || compose) {
    return { url: url.replace(/\/+$/, ''), headers: {} };
  }
  const host = ['0.0.0.0', '::', undefined].includes(server.host) ? '127.0.0.1' : server.host;
  return {
    url: `http://${host}:${server.port}${site.pathname.replace(/\/+$/, '')}`,
    // As the proxy in front of Ghost sends them; without, Ghost redirects to HTTPS.
    headers: { host: site.host, 'x-forwarded-proto': site.protocol.replace(':', '') },
  };
}
