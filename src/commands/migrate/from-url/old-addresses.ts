import type { GhostAdmin, Item } from './ghost-admin';

/** Something in Ghost that shows files from the old address. */
export interface Concerned {
  kind: 'post' | 'page' | 'tag' | 'user' | 'setting';
  /** What its author calls it. */
  title: string;
  /** Each once. */
  addresses: string[];
}

/** What still shows files from the old address. */
export interface OldAddresses {
  /** What Ghost's media inliner rewrites. */
  concerned: Concerned[];
  /** What it passes over: settings of the design, and code. */
  byHand: Concerned[];
}

interface Source {
  kind: Concerned['kind'];
  resource: string;
  query?: Record<string, string>;
  /** Fields that Ghost's media inliner looks at. */
  fields: string[];
}

const CONTENT = { formats: 'lexical,mobiledoc' };
const POST_FIELDS = ['lexical', 'mobiledoc', 'feature_image', 'og_image', 'twitter_image'];
const CODE_FIELDS = ['codeinjection_head', 'codeinjection_foot'];

const SOURCES: Source[] = [
  { kind: 'post', resource: 'posts', query: CONTENT, fields: POST_FIELDS },
  { kind: 'page', resource: 'pages', query: CONTENT, fields: POST_FIELDS },
  { kind: 'tag', resource: 'tags', fields: ['feature_image', 'og_image', 'twitter_image'] },
  { kind: 'user', resource: 'users', fields: ['profile_image', 'cover_image'] },
];

/** Looks through everything in Ghost for addresses that begin with the old one. */
export async function findOldAddresses(admin: GhostAdmin, oldUrl: string): Promise<OldAddresses> {
  const found: OldAddresses = { concerned: [], byHand: [] };
  const look = (list: Concerned[], kind: Concerned['kind'], title: string, values: unknown[]) => {
    const addresses = [...new Set(values.flatMap((value) => addressesIn(value, oldUrl)))];
    if (addresses.length > 0) {
      list.push({ kind, title, addresses });
    }
  };
  for (const { kind, resource, query, fields } of SOURCES) {
    for await (const item of admin.browse(resource, query)) {
      const title = titleOf(item);
      look(
        found.concerned,
        kind,
        title,
        fields.map((field) => item[field]),
      );
      look(
        found.byHand,
        kind,
        title,
        CODE_FIELDS.map((field) => item[field]),
      );
    }
  }
  for (const [name, value] of Object.entries(await admin.settings())) {
    look(found.byHand, 'setting', name, [value]);
  }
  return found;
}

const titleOf = ({ title, name, slug, id }: Item) =>
  [title, name, slug, id].find((text) => typeof text === 'string') as string;

/** The addresses in a text (HTML, Markdown, or JSON with either in it) that are the old one or below it. */
export function addressesIn(text: unknown, oldUrl: string): string[] {
  if (typeof text !== 'string') {
    return [];
  }
  const literal = oldUrl.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // As Ghost's inliner ends an address; the blank and the comma are those of srcset.
  const pattern = new RegExp(`${literal}/(?:(?!&quot;|,https?:)[^"'()<>\\\\\\s])*`, 'gi');
  return [...text.matchAll(pattern)].map(([address]) => address.replace(/,$/, ''));
}

/** How many addresses there are in all. */
export const addressCount = (list: Concerned[]): number =>
  list.reduce((sum, { addresses }) => sum + addresses.length, 0);
