import type { GhostAdmin, Item } from './ghost-admin';
import { isAbsolute, isProtocolRelative, type OldAddress, readAddresses } from './old-url';

/** A post, page, tag, user or setting that uses the old address. */
export interface AffectedItem {
  kind: 'post' | 'page' | 'tag' | 'user' | 'setting';
  title: string;
  /** Without duplicates. */
  addresses: string[];
}

/** Where Ghost uses the old address. `--json` prints this. */
export interface OldAddresses {
  /** Rewritten by Ghost's media inliner. */
  concerned: AffectedItem[];
  /** Not rewritten: settings, injected code, and addresses that are encoded or in the URL of another host. */
  byHand: AffectedItem[];
}

interface Resource {
  kind: AffectedItem['kind'];
  name: string;
  query?: Record<string, string>;
  /** The fields in which Ghost's media inliner looks for addresses. */
  texts: string[];
  /** The fields that Ghost's media inliner rewrites when they start with an address. */
  images: string[];
}

const CONTENT = { formats: 'lexical,mobiledoc' };
const TEXTS = ['lexical', 'mobiledoc'];
const POST_IMAGES = ['feature_image', 'og_image', 'twitter_image'];
const CODE_FIELDS = ['codeinjection_head', 'codeinjection_foot'];

const RESOURCES: Resource[] = [
  { kind: 'post', name: 'posts', query: CONTENT, texts: TEXTS, images: POST_IMAGES },
  { kind: 'page', name: 'pages', query: CONTENT, texts: TEXTS, images: POST_IMAGES },
  { kind: 'tag', name: 'tags', texts: [], images: POST_IMAGES },
  { kind: 'user', name: 'users', texts: [], images: ['profile_image', 'cover_image'] },
];

/** Finds all posts, pages, tags, users and settings with addresses that start with the old one. */
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

/** Returns the addresses of an image's field. One within the URL of another host is not rewritten, however it is spelled. */
const readImage = (value: unknown, oldUrl: string): OldAddress[] =>
  read(value, oldUrl).map((found) => (String(value).startsWith(found.start) ? found : { ...found, start: '' }));

/** Returns the addresses below the old one in a text: HTML, Markdown, or JSON that contains either. */
export const addressesIn = (text: unknown, oldUrl: string): string[] =>
  read(text, oldUrl).map(({ address }) => address);

/** Returns the number of addresses of all items. */
export const addressCount = (list: AffectedItem[]): number =>
  list.reduce((sum, { addresses }) => sum + addresses.length, 0);

/** Returns the items without the settings: what readers are shown as content. */
export const contentIn = (list: AffectedItem[]): AffectedItem[] => list.filter(({ kind }) => kind !== 'setting');
