import { randomBytes } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { FALLBACK_HEADER } from '../../../core/cdn-contract';
import { asForeign } from '../../../core/foreign-error';
import { explainProxy, loadProxies } from '../../../core/proxies';
import { Interruption } from '../../../shell/failure';

/** How long (ms) to wait for a response. Ghost responds to these requests without creating an image. */
const TIMEOUT_MS = 10_000;

/** Status codes of redirects. */
const REDIRECTS = [301, 302, 307, 308];

/** How many times to ask: one URL can belong to several Ghost processes, and each must know the secret. */
const CONFIRMATIONS = 6;

/** The Ghost to ask, and the host that distinguishes responses to visitors. */
export interface GhostOrigin {
  /** URL of CloudFront's Ghost origin, `https://blog.example.com/blog`, without a trailing slash. */
  url: string;
  /** Host of the CDN. Ghost redirects visitors to it. */
  cdnHost: string;
}

/** The result of asking whether Ghost recognizes the CDN by a secret. */
export interface Recognition {
  /**
   * `known`: it does; `unknown`: it treats a request with the secret like one of a visitor; `blurred`: it treats
   * visitors like the CDN, so its responses prove nothing; `silent`: no response, or one that is not from the adapter.
   */
  state: 'known' | 'unknown' | 'blurred' | 'silent';
  /** The response as text: `404`, `no answer (ECONNREFUSED)` */
  answer: string;
}

/**
 * Finds out whether Ghost recognizes the CDN by a secret. For an image that does not exist, the adapter returns 404 to
 * the CDN and redirects visitors to the CDN. A request with a wrong secret serves as the control.
 *
 * @param signal aborts the requests
 * @throws Interruption when they were aborted
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

/** Requests an image that does not exist, over a new connection, and without reading the body. */
async function ask({ url, cdnHost }: GhostOrigin, secret: string, signal: AbortSignal) {
  const agents = (await loadProxies())?.createAgents(1);
  try {
    return await new Promise<{ status: number; isSentToCdn: boolean; words: string }>((resolve, reject) => {
      const timer = setTimeout(() => request.destroy(new Error(`within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
      const request = httpsRequest(
        `${url}/content/images/${randomBytes(16).toString('hex')}.png`,
        {
          agent: agents?.httpsAgent ?? false,
          // Not the user agent of CloudFront: the adapter would recognize it even without the secret.
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
