import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser as Chromium, type Page } from 'playwright-core';

// The first has no window to draw, which takes half of the others' time.
const EXECUTABLES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** Keep the browser from sending requests of its own. */
const FLAGS = [
  '--no-sandbox',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];

/** Resolves no names but those of the loopback interface. */
const LOOPBACK_ONLY =
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1';

export interface SeenResponse {
  url: string;
  status: number;
  contentType: string | undefined;
}

/** A page in a headless Chromium, with its responses and errors. */
export interface Browser {
  page: Page;
  /** Every response, redirects included, in the order they came. */
  responses: SeenResponse[];
  /** Script errors, console errors and failed requests. */
  errors: string[];
  close(): Promise<void>;
}

/**
 * Starts a headless Chromium that sends no requests of its own.
 *
 * @param args added to those that keep it quiet
 * @throws Error when there is no Chromium on this machine
 */
export function launchChromium(args: string[]): Promise<Chromium> {
  return chromium.launch({ executablePath: findChromium(), args: [...FLAGS, ...args] });
}

/**
 * Opens a page in a headless Chromium.
 *
 * @param viewport in CSS pixels
 * @throws Error when there is no Chromium on this machine
 */
export async function openBrowser(viewport = { width: 1280, height: 800 }): Promise<Browser> {
  const browser = await launchChromium([LOOPBACK_ONLY]);
  const page = await browser.newPage({ viewport }).catch(async (error: unknown) => {
    await browser.close();
    throw error;
  });
  const responses: SeenResponse[] = [];
  const errors: string[] = [];
  page.on('response', (response) => {
    responses.push({
      url: response.url(),
      status: response.status(),
      contentType: response.headers()['content-type'],
    });
  });
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('requestfailed', (request) => errors.push(`${request.failure()?.errorText} (${request.url()})`));
  return { page, responses, errors, close: () => browser.close() };
}

/**
 * Finds a Chromium: CHROMIUM_PATH, or the usual names on PATH.
 *
 * @throws Error that says how to install one
 */
function findChromium(): string {
  const { CHROMIUM_PATH, PATH = '' } = process.env;
  if (CHROMIUM_PATH) {
    if (existsSync(CHROMIUM_PATH)) return CHROMIUM_PATH;
    throw new Error(`CHROMIUM_PATH is ${CHROMIUM_PATH}, which does not exist.`);
  }
  const folders = ['/usr/bin', ...PATH.split(delimiter)].filter(Boolean);
  const found = EXECUTABLES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (found) return found;
  throw new Error(
    `The browser tests need Chromium, and there is no ${EXECUTABLES.join(', ')} on PATH. ` +
      'Install it (Debian: apt-get install -y chromium-headless-shell) or set CHROMIUM_PATH to the executable of a Chrome or Chromium.',
  );
}
