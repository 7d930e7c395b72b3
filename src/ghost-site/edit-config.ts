import { findNodeAtLocation, getNodeValue, type Node, parseTree } from 'jsonc-parser';
import { Failure } from '../shell/failure';
import { BYTE_ORDER_MARK, readGhostConfig } from './config';

/** The part of Ghost's configuration that this package is about. */
export interface GhostConfigBlock {
  storage: {
    active: string;
    media: Record<string, string>;
    files: Record<string, string>;
    S3CloudFrontStorage: Record<string, string>;
  };
  urls: Record<string, string>;
}

/** A value of the configuration and where it stands: `[['storage', 'active'], 'S3CloudFrontStorage']`. */
export type Setting = readonly [place: readonly string[], value: unknown];

/**
 * Writes the block into the text of a configuration, and leaves everything else as it is, to the blank.
 *
 * Ghost reads `adapters.storage` in place of `storage` where it is there, so that is written then:
 * https://docs.ghost.org/config#storage-adapters
 *
 * @param text JSON, empty for a new file
 * @param file its name, for errors
 * @throws Failure when the text is no JSON object
 */
export function withGhostConfig(text: string, block: GhostConfigBlock, file: string): string {
  const { adapters } = readGhostConfig(text, file);
  const storage = adapters?.storage === undefined ? ['storage'] : ['adapters', 'storage'];
  const options = Object.entries(block.storage.S3CloudFrontStorage).map(
    ([name, value]) => [[...storage, 'S3CloudFrontStorage', name], value] as const,
  );
  // Of an image server without them: the addresses and the CDN know nothing of a former prefix or secret.
  const outdated = ['tenantPrefix', 'cdnFallbackSecret']
    .filter((name) => !(name in block.storage.S3CloudFrontStorage))
    .map((name) => [...storage, 'S3CloudFrontStorage', name]);
  return withValues(text.trim() === '' ? text : withoutValues(text, outdated), [
    [[...storage, 'active'], block.storage.active],
    [[...storage, 'media'], block.storage.media],
    [[...storage, 'files'], block.storage.files],
    ...options,
    ...Object.entries(block.urls).map(([name, value]) => [['urls', name], value] as const),
  ]);
}

/**
 * Writes settings into the text of a configuration, in the layout that it has.
 *
 * @param text a JSON object, empty for a new file
 * @throws Failure when a name stands twice in it: Ghost reads the last, and others the first
 */
export function withValues(text: string, settings: readonly Setting[]): string {
  const layout = layoutOf(text);
  const [mark = ''] = BYTE_ORDER_MARK.exec(text) ?? [];
  const json = text.slice(mark.length);
  refuseDoubles(parseTree(json));
  return (
    mark +
    settings.reduce(
      (current, [place, value]) => withValue(current, place, value, layout),
      json.trim() === '' ? '{}\n' : json,
    )
  );
}

function refuseDoubles(node: Node | undefined): void {
  const names =
    node?.type === 'object' ? (node.children ?? []).map(({ children }) => String(children?.[0]?.value)) : [];
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) {
    throw new Failure(
      `"${double}" stands twice in one object of Ghost's configuration, of which Ghost reads the last.`,
      'Put both into one, and run the command again.',
    );
  }
  node?.children?.forEach(refuseDoubles);
}

/**
 * Takes settings out of the text of a configuration, and the objects that are empty then. What is not there is passed
 * over.
 *
 * @param text a JSON object
 */
export const withoutValues = (text: string, places: readonly (readonly string[])[]): string =>
  places.reduce(withoutValue, text);

interface Layout {
  indentation: string;
  lineBreak: string;
}

/** How the file itself is written. */
function layoutOf(text: string): Layout {
  const [, indentation = '  '] = /^([ \t]+)"/m.exec(text) ?? [];
  return { indentation, lineBreak: text.includes('\r\n') ? '\r\n' : '\n' };
}

/** Puts a value into the text, at a place that may not be there yet. What stands around it keeps its layout. */
function withValue(text: string, place: readonly string[], value: unknown, layout: Layout): string {
  const root = parseTree(text);
  const depth = place.findIndex((_, index) => !root || !isObject(findNodeAtLocation(root, place.slice(0, index))));
  const known = depth < 0 ? place.length : depth;
  const node = root && findNodeAtLocation(root, place.slice(0, known));
  // What stands in the way of the path, or at its end.
  if (node) {
    const wanted = nested(place.slice(known), value);
    return isSame(getNodeValue(node), wanted)
      ? text
      : replaced(text, node.offset, node.length, written(wanted, known, layout));
  }
  const parent = root && findNodeAtLocation(root, place.slice(0, known - 1));
  const { lineBreak, indentation } = layout;
  const property = `${JSON.stringify(place[known - 1])}: ${written(nested(place.slice(known), value), known, layout)}`;
  const line = `${lineBreak}${indentation.repeat(known)}${property}`;
  const last = parent?.children?.at(-1);
  return last
    ? replaced(text, last.offset + last.length, 0, `,${line}`)
    : replaced(text, parent?.offset ?? 0, parent?.length ?? 0, `{${line}${lineBreak}${indentation.repeat(known - 1)}}`);
}

function withoutValue(text: string, place: readonly string[]): string {
  const root = parseTree(text);
  const property = root && findNodeAtLocation(root, [...place])?.parent;
  const siblings = property?.parent?.children ?? [];
  if (!property) {
    return text;
  }
  if (siblings.length === 1) {
    return place.length > 1 ? withoutValue(text, place.slice(0, -1)) : replaced(text, root.offset, root.length, '{}');
  }
  const index = siblings.indexOf(property);
  const before = siblings[index - 1];
  const from = before ? before.offset + before.length : property.offset;
  const to = before ? property.offset + property.length : (siblings[1]?.offset ?? 0);
  return replaced(text, from, to - from, '');
}

const isObject = (node: Node | undefined) => node?.type === 'object';

const nested = (names: readonly string[], value: unknown) =>
  names.reduceRight((inner, name) => ({ [name]: inner }), value);

const written = (value: unknown, depth: number, { indentation, lineBreak }: Layout) =>
  JSON.stringify(value, null, indentation).replaceAll('\n', `${lineBreak}${indentation.repeat(depth)}`);

const replaced = (text: string, offset: number, length: number, by: string) =>
  text.slice(0, offset) + by + text.slice(offset + length);

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
