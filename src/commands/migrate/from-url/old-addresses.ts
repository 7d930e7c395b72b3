import type { GhostAdmin, Item } from './ghost-admin';

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
  /** Not rewritten: settings and injected code. */
  byHand: AffectedItem[];
}

interface Resource {
  kind: AffectedItem['kind'];
  name: string;
  query?: Record<string, string>;
  /** The fields that Ghost's media inliner rewrites. */
  fields: string[];
}

const CONTENT = { formats: 'lexical,mobiledoc' };
const POST_FIELDS = ['lexical', 'mobiledoc', 'feature_image', 'og_image', 'twitter_image'];
const CODE_FIELDS = ['codeinjection_head', 'codeinjection_foot'];

const RESOURCES: Resource[] = [
  { kind: 'post', name: 'posts', query: CONTENT, fields: POST_FIELDS },
  { kind: 'page', name: 'pages', query: CONTENT, fields: POST_FIELDS },
  { kind: 'tag', name: 'tags', fields: ['feature_image', 'og_image', 'twitter_image'] },
  { kind: 'user', name: 'users', fields: ['profile_image', 'cover_image'] },
];

/** Finds all posts, pages, tags, users and settings with addresses that start with the old one. */
export async function findOldAddresses(admin: GhostAdmin, oldUrl: string): Promise<OldAddresses> {
  const found: OldAddresses = { concerned: [], byHand: [] };
  const add = (list: AffectedItem[], kind: AffectedItem['kind'], title: string, values: unknown[]) => {
    const addresses = [...new Set(values.flatMap((value) => addressesIn(value, oldUrl)))];
    if (addresses.length > 0) {
      list.push({ kind, title, addresses });
    }
  };
  for (const { kind, name, query, fields } of RESOURCES) {
    for await (const item of admin.browse(name, query)) {
      const valuesOf = (names: string[]) => names.map((field) => item[field]);
      add(found.concerned, kind, titleOf(item), valuesOf(fields));
      add(found.byHand, kind, titleOf(item), valuesOf(CODE_FIELDS));
    }
  }
  for (const [name, value] of Object.entries(await admin.settings())) {
    add(found.byHand, 'setting', name, [value]);
  }
  return found;
}

const titleOf = ({ title, name, slug, id }: Item) =>
  [title, name, slug, id].find((text) => typeof text === 'string') as string;

/** Returns the addresses below the old one in a text: HTML, Markdown, or JSON that contains either. */
export function addressesIn(text: unknown, oldUrl: string): string[] {
  if (typeof text !== 'string') {
    return [];
  }
  const literal = oldUrl.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // Ends addresses where Ghost's inliner does, and at the space and the comma of a srcset.
  const pattern = new RegExp(`${literal}/(?:(?!&quot;|,https?:)[^"'()<>\\\\\\s])*`, 'gi');
  return [...text.matchAll(pattern)].map(([address]) => address.replace(/,$/, ''));
}

/** Returns the number of addresses of all items. */
export const addressCount = (list: AffectedItem[]): number =>
  list.reduce((sum, { addresses }) => sum + addresses.length, 0);
