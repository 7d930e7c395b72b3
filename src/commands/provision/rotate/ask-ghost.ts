import { randomBytes } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { FALLBACK_HEADER } from '../../../core/cdn-contract';
import { asForeign } from '../../../core/foreign-error';
import { explainProxy, loadProxies } from '../../../core/proxies';
import { Interruption } from '../../../shell/failure';

/** How long (ms) to wait for an answer. Ghost answers these requests without making an image. */
const TIMEOUT_MS = 10_000;

const REDIRECTS = [301, 302, 307, 308];

/** Behind one address there may be several Ghosts, of which each has to know the secret. */
const CONFIRMATIONS = 6;

/** Whom to ask, and what tells the CDN from visitors. */
export interface GhostOrigin {
  /** `https://blog.example.com/blog`, without a slash at its end: CloudFront's Ghost origin. */
  url: string;
  /** Host of the CDN, to which visitors are redirected. */
  cdnHost: string;
}

/** Whether Ghost recognizes the CDN by a secret. */
export interface Recognition {
  /**
   * `known`: it does; `unknown`: it takes the one who shows the secret for a visitor; `blurred`: it treats visitors as it
   * treats the CDN, so that nothing follows from its answer; `silent`: no answer, or one that is not the adapter's.
   */
  state: 'known' | 'unknown' | 'blurred' | 'silent';
  /** The answer, for the end of a sentence: `404`, `no answer (ECONNREFUSED)` */
  answer: string;
}

/**
 * Finds out whether Ghost recognizes the CDN by a secret: for an image that does not exist, the adapter answers the CDN
 * with 404, and redirects visitors to the CDN. A wrong secret is the control.
 *
 * @param signal ends the requests
 * @throws Interruption when they were ended
 */
export async function askGhost(origin: GhostOrigin, secret: string, signal: AbortSignal): Promise<Recognition> {
  try {
    const visitor = await ask(origin, randomBytes(32).toString('base64url'), signal);
    if (!visitor.isSentToCdn) {
      return { state: visitor.status === 404 || visitor.status < 300 ? 'blurred' : 'silent', answer: visitor.words };
    }
    for (let count = 0; count < CONFIRMATIONS; count += 1) {
      const cdn = await ask(origin, secret, signal);
      if (cdn.status !== 404) {
        return { state: cdn.isSentToCdn ? 'unknown' : 'silent', answer: cdn.words };
      }
    }
    return { state: 'known', answer: '404' };
  } catch (error) {
    if (signal.aborted) {
      throw new Interruption('Stopped. Nothing was changed.');
    }
    const [ofProxy] = explainProxy(error) ?? [];
    const { code, message } = asForeign(error);
    return { state: 'silent', answer: `no answer (${ofProxy ?? code ?? message})` };
  }
}

/** Requests an image that does not exist, with a connection of its own and without its body. */
async function ask({ url, cdnHost }: GhostOrigin, secret: string, signal: AbortSignal) {
  const agents = (await loadProxies())?.createAgents(1);
  try {
    return await new Promise<{ status: number; isSentToCdn: boolean; words: string }>((resolve, reject) => {
      const timer = setTimeout(() => request.destroy(new Error(`within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
      const request = httpsRequest(
        `${url}/content/images/${randomBytes(16).toString('hex')}.png`,
        {
          agent: agents?.httpsAgent ?? false,
          // The adapter would recognize the user agent of CloudFront also without the secret.
          headers: { 'user-agent': 'ghost-storage-s3-cloudfront (provision)', [FALLBACK_HEADER]: secret },
          signal,
        },
        ({ statusCode: status = 0, headers: { location = '' } }) => {
          const host = URL.canParse(location) ? new URL(location).hostname : undefined;
          const isSentToCdn = REDIRECTS.includes(status) && host === cdnHost;
          resolve({ status, isSentToCdn, words: host === undefined ? String(status) : `${status} to ${host}` });
          request.destroy();
        },
      );
      request
        .on('error', reject)
        .once('close', () => clearTimeout(timer))
        .end();
    });
  } finally {
    agents?.httpsAgent.destroy();
  }
}
