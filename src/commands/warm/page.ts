import { Parser } from 'htmlparser2';
import { parseSrcset } from 'srcset';
import { AnswerProblem } from './client';

/** The largest page (bytes) that is read. */
export const MAX_PAGE_BYTES = 10 * 1024 * 1024;

/** The longest list of candidates (characters) that is read: a hundred long URLs. */
const MAX_SRCSET = 20_000;

/** The longest URL that is requested. */
const MAX_URL = 2_048;

/** The longest `style` attribute that is read. */
const MAX_STYLE = 10_000;

/** How many elements may be open at a time. For each tag, the parser moves all of them. */
const MAX_DEPTH = 5_000;

/** The attributes of each element that have the URL of an image, and those that have a list of candidates. */
const ATTRIBUTES: Record<string, { urls: readonly string[]; candidates: readonly string[] }> = {
  img: { urls: ['src'], candidates: ['srcset'] },
  source: { urls: [], candidates: ['srcset'] },
  // Icons, and what a browser loads before it reads the page.
  link: { urls: ['href'], candidates: ['imagesrcset'] },
};

/** The properties of `meta` with the image that other websites show. */
const META = ['og:image', 'og:image:url', 'og:image:secure_url', 'twitter:image'];

const CSS_URL = /url\(\s*(?:"([^"]*)"|'([^']*)'|([^\s"')]*))/g;

type Attributes = Record<string, string>;

/** Finds the images of a page that are on the CDN, while it reads the page piece by piece. */
export class PageReader {
  /** The URLs of the images. */
  readonly images = new Set<string>();
  /** The URL of the page with older posts. */
  next?: URL;
  private depth = 0;
  private readonly parser = new Parser({
    onopentag: (name, attributes) => {
      this.depth += 1;
      if (this.depth > MAX_DEPTH) {
        throw new AnswerProblem(`has more than ${MAX_DEPTH} elements inside each other`);
      }
      this.look(name, attributes);
    },
    onclosetag: () => (this.depth -= 1),
  });

  /**
   * @param base URL of the page
   * @param imagesUrl what the URLs of all images on the CDN start with
   */
  constructor(
    private base: URL,
    private readonly imagesUrl: string,
  ) {}

  /** @throws AnswerProblem for a page with too many elements inside each other */
  write(text: string): void {
    this.parser.write(text);
  }

  end(): void {
    this.parser.end();
  }

  private look(name: string, attributes: Attributes): void {
    const { urls, candidates } = ATTRIBUTES[name] ?? { urls: [], candidates: [] };
    urls.forEach((attribute) => this.add(attributes[attribute]));
    candidates.forEach((attribute) => this.addCandidates(attributes[attribute]));
    if (name === 'meta' && META.includes(attributes.property ?? attributes.name ?? '')) {
      this.add(attributes.content);
    }
    if (name === 'base' && attributes.href !== undefined) {
      this.base = this.resolve(attributes.href) ?? this.base;
    }
    if (name === 'link' && attributes.rel === 'next' && attributes.href !== undefined) {
      this.next = this.resolve(attributes.href);
    }
    const { style = '' } = attributes;
    if (style.length <= MAX_STYLE) {
      for (const [, double, single, bare] of style.matchAll(CSS_URL)) {
        this.add(double ?? single ?? bare);
      }
    }
  }

  private addCandidates(srcset = ''): void {
    if (srcset.length <= MAX_SRCSET) {
      parseSrcset(srcset).forEach(({ url }) => this.add(url));
    }
  }

  private add(spelling = ''): void {
    const url = this.resolve(spelling);
    if (url) {
      url.hash = '';
      if (url.href.startsWith(this.imagesUrl) && url.href.length > this.imagesUrl.length) {
        this.images.add(url.href);
      }
    }
  }

  private resolve(spelling: string): URL | undefined {
    const isUrl = spelling.length <= MAX_URL && URL.canParse(spelling, this.base.href);
    return isUrl ? new URL(spelling, this.base) : undefined;
  }
}

/** Returns whether a URL is that of a size in the upload's own format, in place of which the CDN may send WebP. */
export const isSize = (url: string, imagesUrl: string): boolean =>
  url.startsWith(imagesUrl) && /^size\/[^/]+\/(?!format\/)/.test(url.slice(imagesUrl.length));
