import type { Page } from 'playwright-core';
import { launchChromium, type SeenResponse } from '../browser';
import type { TlsCdn } from '.';

export interface VisitorOptions {
  /** CSS pixels */
  viewport?: { width: number; height: number };
  /** Sent with every request. */
  headers?: Record<string, string>;
}

/** A new visitor: a page with its own cache and cookies. */
export interface Visitor {
  page: Page;
  /** Every response, redirects included, in the order they came. */
  responses: SeenResponse[];
  /** Failed requests, as `net::ERR_… URL`. */
  failures: string[];
  close(): Promise<void>;
}

export interface Visitors {
  arrive(options?: VisitorOptions): Promise<Visitor>;
  close(): Promise<void>;
}

/**
 * Starts a headless Chromium that finds the CDN's domain on this machine.
 *
 * @throws Error when there is no Chromium on this machine
 */
export async function openDoorsTo({ chromiumArgs }: Pick<TlsCdn, 'chromiumArgs'>): Promise<Visitors> {
  const browser = await launchChromium(chromiumArgs);
  return {
    async arrive({ viewport = { width: 1280, height: 800 }, headers } = {}) {
      const context = await browser.newContext({ viewport, extraHTTPHeaders: headers });
      const page = await context.newPage();
      const responses: SeenResponse[] = [];
      const failures: string[] = [];
      page.on('response', (response) => {
        const { 'content-type': contentType } = response.headers();
        responses.push({ url: response.url(), status: response.status(), contentType });
      });
      page.on('requestfailed', (request) => failures.push(`${request.failure()?.errorText} ${request.url()}`));
      return { page, responses, failures, close: () => context.close() };
    },
    close: () => browser.close(),
  };
}
