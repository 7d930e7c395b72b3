import { Failure } from '../../shell/failure';
import { visible } from '../../shell/text';
import { type Answer, AnswerProblem, reasonOf, refuse } from './client';
import { MAX_PAGE_BYTES, PageReader } from './page';
import type { Run } from './run';
import { MAX_SITEMAP_BYTES, type Sitemap, type SitemapEntry, SitemapReader } from './sitemap';

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

/** How many sitemaps an index may list, how many pages are read, and how many images they may have together. */
const MAX_SITEMAPS = 100;
const MAX_PAGES = 50_000;
const MAX_IMAGES = 200_000;

/** The pages to read. */
export interface Pages {
  /** The host of the blog, after redirects. */
  host: string;
  /** The home page first, then those that changed last. */
  urls: Set<string>;
}

/**
 * Lists the pages in the sitemap of the blog, and its home page.
 *
 * @throws Failure when the blog has no sitemap, or one with too many pages
 * @see https://www.sitemaps.org/protocol.html
 */
export async function listPages(run: Run): Promise<Pages> {
  const { blogUrl } = run.target;
  const url = new URL('sitemap.xml', blogUrl);
  const { sitemap, host } = await readFirst(run, url);
  const listed = new ListedPages(host, run.settings.since);
  if (sitemap.isIndex) {
    await readAll(run, host, sitemap.entries, listed);
  } else {
    listed.add(sitemap.entries);
  }
  if (listed.otherHost !== undefined && !listed.hasOwn) {
    throw new Failure(
      `The sitemap ${url.href} lists only pages of other hosts, such as ${visible(listed.otherHost)}.`,
      'Add the URL that visitors use: --ghost-url https://blog.example.com',
    );
  }
  const urls = new Set([blogUrl.href, ...listed.newestFirst]);
  if (urls.size > MAX_PAGES) {
    throw new Failure(
      `The sitemap ${url.href} lists more than ${MAX_PAGES} pages.`,
      'Choose the pages that changed recently, for example with --since 7d',
    );
  }
  return { host, urls };
}

/**
 * Reads pages, and without `--since` also the pages with older posts that follow them.
 *
 * @param pages further pages are added to it
 * @returns the URLs of their images on the CDN
 */
export async function readPages(run: Run, pages: Pages): Promise<Set<string>> {
  const images = new Set<string>();
  const read = async (url: string) => {
    try {
      const page = await run.attempt(() => readPage(run, url, pages.host));
      run.tally.read();
      page.images.forEach((image) => images.add(image));
      if (images.size > MAX_IMAGES) {
        run.failure ??= new Failure(
          `The pages have more than ${MAX_IMAGES} images.`,
          'Choose the pages that changed recently, for example with --since 7d',
        );
      }
      if (page.next?.host === pages.host && run.settings.since === undefined && pages.urls.size < MAX_PAGES) {
        next.add(page.next.href);
      }
    } catch (error) {
      run.reportFailure('page', url, error);
    }
  };
  let next = new Set(pages.urls);
  while (next.size > 0 && !run.isStopped) {
    const batch = next;
    next = new Set();
    await run.forEach(batch, read);
    next.forEach((url) => (pages.urls.has(url) ? next.delete(url) : pages.urls.add(url)));
  }
  return images;
}

async function readPage(run: Run, url: string, host: string): Promise<PageReader> {
  const answer = await run.client.get(new URL(url), HTML, (next) => next.host === host);
  if (!/html/.test(answer.type)) {
    refuse(answer, `is not a page, but ${visible(answer.type)}`);
  }
  const page = new PageReader(answer.url, run.target.imagesUrl);
  await readText(answer, MAX_PAGE_BYTES, page);
  page.end();
  return page;
}

async function readFirst(run: Run, url: URL): Promise<{ sitemap: Sitemap; host: string }> {
  try {
    const { sitemap, answer } = await run.attempt(() =>
      readSitemap(run, url, (next) => !isInternal(next) || isInternal(url)),
    );
    if (sitemap) {
      return { sitemap, host: answer.url.host };
    }
    if (/\/private\/$/.test(answer.url.pathname)) {
      throw new Failure(
        `The blog ${run.target.blogUrl.href} is private, so its pages cannot be read.`,
        "Turn off Ghost's private site mode (Settings → General → Make site private), and run the command again.",
      );
    }
    throw new AnswerProblem('is not a sitemap');
  } catch (error) {
    if (error instanceof Failure) {
      throw error;
    }
    throw new Failure(
      `The sitemap of the blog cannot be read: ${url.href} ${reasonOf(error)}.`,
      'Check that Ghost is running, and that this is the URL of the blog. If it is not, add --ghost-url https://blog.example.com',
    );
  }
}

/** The pages to read of several sitemaps. It keeps no more than are allowed, and one. */
class ListedPages {
  /** Whether there was a page of the blog, which may be too old. */
  hasOwn = false;
  /** The first host that is another one. */
  otherHost?: string;
  /** The time (ms) of the last change by URL; 0 when it is unknown. */
  private readonly changes = new Map<string, number>();

  constructor(
    private readonly host: string,
    private readonly since = 0,
  ) {}

  get areTooMany(): boolean {
    return this.changes.size > MAX_PAGES;
  }

  get newestFirst(): string[] {
    return [...this.changes].sort(([, one], [, other]) => other - one).map(([url]) => url);
  }

  add(entries: SitemapEntry[]): void {
    for (const { url, changedAt } of entries) {
      const host = hostOf(url);
      if (host !== this.host) {
        this.otherHost ||= host;
      } else {
        this.hasOwn = true;
        if ((changedAt ?? Infinity) >= this.since && !this.areTooMany) {
          this.changes.set(new URL(url).href, changedAt ?? 0);
        }
      }
    }
  }
}

/** Reads the sitemaps of an index. Those that fail are reported. */
async function readAll(run: Run, host: string, index: SitemapEntry[], listed: ListedPages): Promise<void> {
  if (index.length > MAX_SITEMAPS) {
    throw new Failure(
      `The sitemap of ${host} lists more than ${MAX_SITEMAPS} other sitemaps.`,
      'Check that --ghost-url is the URL of the blog.',
    );
  }
  const isOnHost = (url: URL) => url.host === host;
  await run.forEach(new Set(index.map(({ url }) => url).filter((url) => hostOf(url) === host)), async (url) => {
    if (listed.areTooMany) {
      return;
    }
    try {
      const { sitemap } = await run.attempt(() => readSitemap(run, new URL(url), isOnHost));
      listed.add(sitemap?.entries ?? []);
    } catch (error) {
      run.reportFailure('page', url, error);
    }
  });
}

async function readSitemap(
  { client }: Run,
  url: URL,
  mayFollow: (next: URL) => boolean,
): Promise<{ answer: Answer; sitemap?: Sitemap }> {
  const answer = await client.get(url, 'application/xml,text/xml,*/*;q=0.8', mayFollow);
  const reader = new SitemapReader();
  await readText(answer, MAX_SITEMAP_BYTES, reader);
  return { answer, sitemap: reader.end() };
}

/** Passes the text of an answer on, piece by piece. */
async function readText({ body }: Answer, maxBytes: number, reader: { write(text: string): void }): Promise<void> {
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new AnswerProblem(`has more than ${maxBytes} bytes`);
    }
    reader.write(decoder.decode(chunk, { stream: true }));
  }
}

/** Hosts that only this machine or its network knows, and addresses. A name that DNS has for such an address is not one. */
const INTERNAL = /^\[|^[\d.]+$|^[^.]+\.?$|\.(local|localhost|internal|lan|home\.arpa)\.?$/;

/** Returns whether a redirect from a blog on the internet to a URL would reach into the network of this machine. */
const isInternal = ({ hostname }: URL): boolean => INTERNAL.test(hostname);

const hostOf = (url: string): string => (/^https?:/.test(url) && URL.canParse(url) ? new URL(url).host : '');
