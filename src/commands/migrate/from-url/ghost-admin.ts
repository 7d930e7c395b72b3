import { createHmac } from 'node:crypto';
import { explainProxy } from '../../../core/proxies';
import { Failure } from '../../../shell/failure';
import { requestGhost } from './ghost-request';

/** A post, page, tag or user as the API returns it. */
export type Item = Record<string, unknown> & { id: string };

/** How many items to request per page. Ghost 6 returns at most 100. */
const PAGE_ITEMS = 50;

/** How long (s) a token is valid. This is the maximum that Ghost accepts. */
const TOKEN_SECONDS = 300;

/** The fix for a missing or invalid key. */
export const KEY_HELP =
  "Use the staff access token of an administrator. It is in Ghost's admin: Settings → Staff → your own name → Staff access token, at the bottom. You must be the owner or an administrator.\n" +
  'Set it as GHOST_ADMIN_API_KEY to keep it out of your shell history.';

/**
 * A client for Ghost's Admin API.
 *
 * @see https://docs.ghost.org/admin-api
 */
export class GhostAdmin {
  private readonly id: string;
  private readonly secret: Buffer;

  /**
   * @param siteUrl URL of the blog, or of its admin if that is different
   * @param key `id:secret`, of a staff member or an integration
   * @param signal aborts requests
   * @throws Failure for an invalid key
   */
  constructor(
    private readonly siteUrl: string,
    key: string,
    private readonly signal: AbortSignal,
  ) {
    const [, id = '', secret = ''] = /^([\da-f]{24}):([\da-f]{64})$/i.exec(key.trim()) ?? [];
    if (!id) {
      throw new Failure(
        '--admin-key (or GHOST_ADMIN_API_KEY) is not a Ghost key. A key is two hexadecimal numbers with a colon between them.',
        KEY_HELP,
      );
    }
    this.id = id;
    this.secret = Buffer.from(secret, 'hex');
  }

  /**
   * Reads all items of a resource, page by page.
   *
   * @param resource `posts`, `pages`, `tags` or `users`
   */
  async *browse(resource: string, query: Record<string, string> = {}): AsyncGenerator<Item> {
    for (let page: number | null = 1; page !== null;) {
      const parameters = new URLSearchParams({ ...query, limit: String(PAGE_ITEMS), page: String(page) });
      const answer = await this.send('GET', `${resource}/?${parameters.toString()}`);
      const { meta } = answer as { meta?: { pagination?: { next?: number | null } } };
      yield* answer[resource] as Item[];
      page = meta?.pagination?.next ?? null;
    }
  }

  /** Returns the blog's settings by name. */
  async settings(): Promise<Record<string, unknown>> {
    const { settings } = (await this.send('GET', 'settings/')) as { settings: { key: string; value: unknown }[] };
    return Object.fromEntries(settings.map(({ key, value }) => [key, value]));
  }

  /**
   * Starts Ghost's media inliner. It downloads the files in posts, pages, tags and users whose URLs start with one of
   * the domains, stores them, and puts the new URLs into the posts. Ghost responds before it starts.
   *
   * @throws Failure for the key of an integration, because only staff members can do this
   */
  async inlineMedia(domains: string[]): Promise<void> {
    await this.send('POST', 'db/media/inline/', { domains });
  }

  private async send(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const url = `${this.siteUrl}/ghost/api/admin/${path}`;
    let response: Response;
    try {
      response = await requestGhost(url, {
        method,
        headers: {
          authorization: `Ghost ${this.token()}`,
          'accept-version': 'v5.0',
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        body: body && JSON.stringify(body),
        signal: this.signal,
      });
    } catch (error) {
      if (this.signal.aborted) {
        throw error;
      }
      const ofProxy = explainProxy(error);
      if (ofProxy) {
        throw new Failure(...ofProxy, { cause: error });
      }
      const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
      throw new Failure(
        `Ghost cannot be reached at ${this.siteUrl} (${code ?? message}).`,
        'Start Ghost, or add the URL at which this machine can reach it: --ghost-url https://blog.example.com',
        { cause: error },
      );
    }
    const answer: unknown = await response.json().catch(() => undefined);
    if (!response.ok || typeof answer !== 'object' || answer === null) {
      throw this.failure(method, path, response.status, answer);
    }
    return answer as Record<string, unknown>;
  }

  private failure(method: string, path: string, status: number, answer: unknown): Failure {
    const [{ message = 'no message' } = {}] = (answer as { errors?: { message?: string }[] } | undefined)?.errors ?? [];
    if (status === 401) {
      return new Failure(`Ghost rejected the key from --admin-key (or GHOST_ADMIN_API_KEY): ${message}`, KEY_HELP);
    }
    if (status === 403 || status === 501) {
      return new Failure(
        `The key from --admin-key (or GHOST_ADMIN_API_KEY) has no permission for this: ${message}`,
        `The key of an integration can read posts but cannot rewrite them. ${KEY_HELP}`,
      );
    }
    return new Failure(
      `Ghost returned ${status} for ${method} /ghost/api/admin/${path.replace(/\?.*/, '')}: ${message}`,
      `Check Ghost's log, and that ${this.siteUrl} is the URL of the blog (--ghost-url).`,
    );
  }

  /** @see https://docs.ghost.org/admin-api/#token-authentication */
  private token(): string {
    const now = Math.floor(Date.now() / 1000);
    const head = encoded({ alg: 'HS256', typ: 'JWT', kid: this.id });
    const claims = encoded({ iat: now, exp: now + TOKEN_SECONDS, aud: '/admin/' });
    const signature = createHmac('sha256', this.secret).update(`${head}.${claims}`).digest('base64url');
    return `${head}.${claims}.${signature}`;
  }
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
