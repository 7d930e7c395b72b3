import type { GhostAdmin, Item } from './ghost-admin';
import { isAbsolute, isProtocolRelative, type OldAddress, readAddresses } from './old-url';

/** A post, page, tag, user or setting that uses the old URL. */
export interface AffectedItem {
  kind: 'post' | 'page' | 'tag' | 'user' | 'setting';
  title: string;
  /** Without duplicates. */
  addresses: string[];
}

/** All uses of the old URL in Ghost. `--json` prints this. */
export interface OldAddresses {
  /** Items that Ghost's media inliner rewrites. */
  concerned: AffectedItem[];
  /** Items that it does not rewrite: settings, injected code, and URLs that are encoded or part of another URL. */
  byHand: AffectedItem[];
}

interface Resource {
  kind: AffectedItem['kind'];
  name: string;
  query?: Record<string, string>;
  /** The fields in which Ghost's media inliner searches for URLs. */
  texts: string[];
  /** The fields that Ghost's media inliner rewrites when they start with the old URL. */
  images: string[];
}

/** Query that makes the API return the content of posts as Ghost stores it. */
const CONTENT = { formats: 'lexical,mobiledoc' };

/** Fields with the content of a post. */
const TEXTS = ['lexical', 'mobiledoc'];

/** Fields with the image URLs of a post or tag. */
const POST_IMAGES = ['feature_image', 'og_image', 'twitter_image'];

/** Fields with injected code. */
const CODE_FIELDS = ['codeinjection_head', 'codeinjection_foot'];

/** The resources of the Admin API to search. */
const RESOURCES: Resource[] = [
  { kind: 'post', name: 'posts', query: CONTENT, texts: TEXTS, images: POST_IMAGES },
  { kind: 'page', name: 'pages', query: CONTENT, texts: TEXTS, images: POST_IMAGES },
  { kind: 'tag', name: 'tags', texts: [], images: POST_IMAGES },
  { kind: 'user', name: 'users', texts: [], images: ['profile_image', 'cover_image'] },
];

/** Finds all posts, pages, tags, users and settings that contain URLs starting with the old one. */
export async function findOldAddresses(admin: GhostAdmin, oldUrl: string): Promise<OldAddresses> {
  const found: OldAddresses = { concerned: [], byHand: [] };
  const add = (list: AffectedItem[], kind: AffectedItem['kind'], title: string, all: OldAddress[]) => {
    const addresses = [...new Set(all.map(({ address }) => address))];
    if (addresses.length > 0) {
      list.push({ kind, title, addresses });
    }
  };
  for (const { kind, name, query, texts, images } of RESOURCES) {
    for await (const item of admin.browse(name, query)) {
      const addressesOf = (names: string[]) => names.flatMap((field) => read(item[field], oldUrl));
      const shown = [...addressesOf(texts), ...images.flatMap((field) => readImage(item[field], oldUrl))];
      add(found.concerned, kind, titleOf(item), shown.filter(isRewritable));
      const others = shown.filter((address) => !isRewritable(address));
      add(found.byHand, kind, titleOf(item), [...others, ...addressesOf(CODE_FIELDS)]);
    }
  }
  for (const [name, value] of Object.entries(await admin.settings())) {
    add(found.byHand, 'setting', name, read(value, oldUrl));
  }
  return found;
}

const titleOf = ({ title, name, slug, id }: Item) =>
  [title, name, slug, id].find((text) => typeof text === 'string') as string;

const isRewritable = (address: OldAddress) => isAbsolute(address) || isProtocolRelative(address);

const read = (text: unknown, oldUrl: string) => (typeof text === 'string' ? readAddresses(text, oldUrl) : []);

/** Returns the old URLs in an image field. Within the URL of another host, Ghost rewrites none of them. */
const readImage = (value: unknown, oldUrl: string): OldAddress[] =>
  read(value, oldUrl).map((found) => (String(value).startsWith(found.start) ? found : { ...found, start: '' }));

/** Returns the URLs in a text that start with the old one. The text is HTML, Markdown, or JSON that contains either. */
export const addressesIn = (text: unknown, oldUrl: string): string[] =>
  read(text, oldUrl).map(({ address }) => address);

/** Returns the number of URLs in all items. */
export const addressCount = (list: AffectedItem[]): number =>
  list.reduce((sum, { addresses }) => sum + addresses.length, 0);

/** Returns the items that readers see as content, that is, all but the settings. */
export const contentIn = (list: AffectedItem[]): AffectedItem[] => list.filter(({ kind }) => kind !== 'setting');
