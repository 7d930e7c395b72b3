import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { NOT_FOUND_BODY } from '../../core/cdn-contract';
import type { GhostSite } from '../../ghost-site/site';
import { Interruption } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { networkCodeOf } from '../../core/network-code';
import { type Answer, get, internet, statusText } from '../doctor/network';

/**
 * What the blog does with requests for its images. An answer from a proxy itself, such as 403, is not a state of Ghost.
 */
export interface BlogState {
  /** `disk`: Ghost's own storage answers; `cdn`: the adapter does; `down`: neither does. */
  state: 'disk' | 'cdn' | 'down';
  /** Its answer, for the end of a sentence: `503`, `no answer: ECONNREFUSED` */
  answer: string;
}

const REDIRECTS = [301, 302, 307, 308];

/** How long (ms) to wait before asking again. */
const PAUSE_MS = 500;

/**
 * Asks Ghost for an image that does not exist: the adapter redirects to the CDN, or with `serve: "stream"` answers 404
 * with its own text, unlike Ghost's own storage.
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
    return { state: stateOf(answer, cdnUrl), answer: statusText(answer) };
  } catch (error) {
    signal?.throwIfAborted();
    return { state: 'down', answer: `no answer: ${networkCodeOf(error)}` };
  }
}

function stateOf(answer: Answer, cdnUrl: string): BlogState['state'] {
  if (isOfAdapter(answer, cdnUrl)) {
    return 'cdn';
  }
  return answer.status === 404 || answer.status < 300 ? 'disk' : 'down';
}

function isOfAdapter({ status, headers: { location = '' }, body }: Answer, cdnUrl: string): boolean {
  const isCdn = URL.canParse(location) && new URL(location).host === new URL(cdnUrl).host;
  return (REDIRECTS.includes(status) && isCdn) || (status === 404 && body.toString() === NOT_FOUND_BODY);
}

/** How long to wait for the blog. */
export interface Patience {
  seconds: number;
  /** How long (s) it may be down without a break; default: as long as `seconds`. */
  downSeconds?: number;
  /** Ends the wait, except while the blog is down. */
  signal?: AbortSignal;
}

/**
 * Waits until the blog is in a state, and shows that.
 *
 * @param title `Waiting for Ghost`
 * @param isReached whether to stop waiting
 * @returns its last state
 * @throws Interruption when the signal was aborted while the blog answers
 */
export async function waitForBlog(
  { terminal, site, cdnUrl }: { terminal: Terminal; site: GhostSite; cdnUrl: string },
  title: string,
  isReached: (state: BlogState['state']) => boolean,
  patience: Patience,
): Promise<BlogState> {
  // Unlike a step of the terminal, it also begins after Ctrl-C.
  const spinner = terminal.spin(title);
  const found = await untilReached(site, cdnUrl, isReached, patience).finally(() => spinner.stop());
  terminal.say(`${isReached(found.state) ? terminal.colors.green('✔') : terminal.colors.red('✖')} ${title}`);
  return found;
}

async function untilReached(
  site: GhostSite,
  cdnUrl: string,
  isReached: (state: BlogState['state']) => boolean,
  { seconds, downSeconds = seconds, signal }: Patience,
): Promise<BlogState> {
  const until = performance.now() + seconds * 1_000;
  let upAt = performance.now();
  for (;;) {
    const found = await askBlog(site, cdnUrl, AbortSignal.timeout(10_000)).catch((): BlogState => ({
      state: 'down',
      answer: 'no answer within 10 s',
    }));
    const now = performance.now();
    upAt = found.state === 'down' ? upAt : now;
    if (isReached(found.state) || now > until || now > upAt + downSeconds * 1_000) {
      return found;
    }
    if (signal?.aborted && found.state !== 'down') {
      throw stoppedBeforeRestart();
    }
    await setTimeout(PAUSE_MS);
  }
}

/** Returns the message of a command that was stopped when only the restart was left to do. */
export const stoppedBeforeRestart = () =>
  new Interruption(
    'Stopped before Ghost was restarted. Its next start uses the new configuration. Run the same command again to continue.',
  );

/**
 * Returns where Ghost itself listens, so that no proxy answers instead of it, or the blog's own URL when that is
 * unknown.
 */
function addressOf({ config, compose }: GhostSite): { url: string; headers: Record<string, string> } {
  const { url = '', server } = config;
  const site = new URL(url);
  // The port of a container need not be one of this machine.
  if (server?.port === undefined || compose) {
    return { url: url.replace(/\/+$/, ''), headers: {} };
  }
  const host = ['0.0.0.0', '::', undefined].includes(server.host) ? '127.0.0.1' : server.host;
  return {
    url: `http://${host?.includes(':') ? `[${host}]` : host}:${server.port}${site.pathname.replace(/\/+$/, '')}`,
    // The headers of the proxy in front of Ghost. Without them, Ghost redirects to HTTPS.
    headers: { host: site.host, 'x-forwarded-proto': site.protocol.replace(':', '') },
  };
}
