import { Parser } from 'htmlparser2';
import { AnswerProblem } from './client';

/** A page, or with an index another sitemap. */
export interface SitemapEntry {
  url: string;
  /** When it last changed (ms); undefined when the sitemap does not say. */
  changedAt?: number;
}

/** A sitemap, or an index of sitemaps. */
export interface Sitemap {
  isIndex: boolean;
  entries: SitemapEntry[];
}

/** The limits of the protocol for one file: https://www.sitemaps.org/protocol.html */
export const MAX_SITEMAP_BYTES = 50 * 1024 * 1024;
export const MAX_SITEMAP_ENTRIES = 50_000;

/** The longest URL of the protocol, and longer than any date. */
const MAX_TEXT = 2_048;

/** How many elements may be open at a time. A sitemap needs four. */
const MAX_DEPTH = 100;

/** Reads a sitemap piece by piece. */
export class SitemapReader {
  private root?: string;
  private readonly path: string[] = [];
  private text = '';
  private entry: { loc?: string; lastmod?: string } = {};
  private readonly entries: SitemapEntry[] = [];
  private readonly parser = new Parser(
    {
      onopentag: (name) => {
        this.root ??= name;
        this.path.push(name);
        if (this.path.length > MAX_DEPTH) {
          throw new AnswerProblem(`has more than ${MAX_DEPTH} elements inside each other`);
        }
        this.text = '';
      },
      ontext: (text) => {
        if (this.text.length <= MAX_TEXT) {
          this.text += text;
        }
      },
      onclosetag: () => this.close(),
    },
    { xmlMode: true },
  );

  /** @throws AnswerProblem for a document with too many elements inside each other */
  write(text: string): void {
    this.parser.write(text);
  }

  /** @returns the sitemap; undefined when it is another document */
  end(): Sitemap | undefined {
    this.parser.end();
    return this.root === 'urlset' || this.root === 'sitemapindex'
      ? { isIndex: this.root === 'sitemapindex', entries: this.entries }
      : undefined;
  }

  private close(): void {
    const name = this.path.pop();
    const depth = this.path.length;
    // Images have a URL too, which is one level below that of their page.
    if (depth === 2 && (name === 'loc' || name === 'lastmod')) {
      this.entry[name] = this.text.trim();
    }
    if (depth === 1) {
      const { loc = '', lastmod = '' } = this.entry;
      const changedAt = Date.parse(lastmod);
      if (loc !== '' && loc.length <= MAX_TEXT && this.entries.length < MAX_SITEMAP_ENTRIES) {
        this.entries.push({ url: loc, changedAt: Number.isNaN(changedAt) ? undefined : changedAt });
      }
      this.entry = {};
    }
  }
}
