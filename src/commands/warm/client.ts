import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { networkCodeOf } from '../../core/network-code';
import { loadProxies } from '../../core/proxies';
import { visible } from '../../shell/text';

/** How long (ms) a request may take. CloudFront waits 30 seconds for Ghost. */
const REQUEST_MS = 60_000;

const MAX_REDIRECTS = 5;

const REDIRECTS = [301, 302, 303, 307, 308];

/** The problem with an answer, in words that the summary can show. */
export class AnswerProblem extends Error {
  override readonly name = 'AnswerProblem';

  /** @param isTransient whether another attempt may succeed */
  constructor(
    message: string,
    readonly isTransient = false,
  ) {
    super(message);
  }
}

/** An answer whose body is still to be read. */
export interface Answer {
  /** The URL that answered, after redirects. */
  url: URL;
  /** The media type, `image/webp`. */
  type: string;
  /** Its connection is busy until it has been read or destroyed. */
  body: IncomingMessage;
}

/** What a client is created with. */
export interface ClientOptions {
  /** How many connections to a host may be open. */
  connections: number;
  /** Ends all requests. */
  signal: AbortSignal;
  /** How long (ms) a request may take; default: 60 seconds. */
  requestMs?: number;
}

/** Sends requests as a browser does, through the proxies of the environment, on connections that stay open. */
export class Client {
  private constructor(
    private readonly agents: { httpAgent: HttpAgent; httpsAgent: HttpsAgent },
    private readonly signal: AbortSignal,
    private readonly requestMs: number,
  ) {}

  static async open({ connections, signal, requestMs = REQUEST_MS }: ClientOptions): Promise<Client> {
    const options = { keepAlive: true, maxSockets: connections };
    const agents = (await loadProxies())?.createAgents(connections) ?? {
      httpAgent: new HttpAgent(options),
      httpsAgent: new HttpsAgent(options),
    };
    return new Client(agents, signal, requestMs);
  }

  close(): void {
    this.agents.httpAgent.destroy();
    this.agents.httpsAgent.destroy();
  }

  /**
   * Requests a URL, and follows redirects.
   *
   * @param accept the header `Accept`
   * @param mayFollow whether a redirect to a URL may be followed; default: all may
   * @throws AnswerProblem for every answer but 200, and when there is none
   */
  async get(url: URL, accept: string, mayFollow: (url: URL) => boolean = () => true): Promise<Answer> {
    let target = url;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.send(target, accept);
      const { statusCode: status = 0, headers } = answer;
      if (status === 200) {
        return { url: target, type: (headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? '', body: answer };
      }
      answer.resume();
      const { location } = headers;
      if (!REDIRECTS.includes(status) || location === undefined) {
        throw new AnswerProblem(`answered ${status}`, status === 429 || status >= 500);
      }
      const next = URL.canParse(location, target.href) ? new URL(location, target) : undefined;
      if (!next || !/^https?:$/.test(next.protocol) || redirects === MAX_REDIRECTS || !mayFollow(next)) {
        throw new AnswerProblem(`answered ${status} (to ${visible(location.slice(0, 200))})`);
      }
      target = next;
    }
  }

  private send(url: URL, accept: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const isSecure = url.protocol === 'https:';
      const send = isSecure ? httpsRequest : httpRequest;
      const request = send(url, {
        agent: isSecure ? this.agents.httpsAgent : this.agents.httpAgent,
        headers: { accept, 'user-agent': 'ghost-storage-s3-cloudfront (warm)' },
        signal: this.signal,
      });
      let answer: IncomingMessage | undefined;
      const late = () => new AnswerProblem(`sent no complete answer in ${this.requestMs / 1000} s`, true);
      const timer = setTimeout(() => (answer ?? request).destroy(late()), this.requestMs);
      request.on('close', () => clearTimeout(timer));
      request.on('error', reject);
      request.on('response', (response) => resolve((answer = response)));
      request.end();
    });
  }
}

/**
 * Refuses an answer of the wrong kind without reading it, so that its connection is free for others.
 *
 * @throws AnswerProblem always
 */
export function refuse({ body }: Answer, message: string): never {
  body.destroy();
  throw new AnswerProblem(message);
}

/** Returns whether a failed request may succeed later. */
export const isTransient = (error: unknown): boolean =>
  error instanceof AnswerProblem ? error.isTransient : !/CERT|SELF_SIGNED|ALTNAME|ENOTFOUND/.test(networkCodeOf(error));

/** Returns the reason of a failed request, for the summary. */
export const reasonOf = (error: unknown): string =>
  error instanceof AnswerProblem ? error.message : `no answer (${networkCodeOf(error)})`;
