import {
  applyEdits,
  findNodeAtLocation,
  format,
  type FormattingOptions,
  getNodeValue,
  modify,
  type Node,
  parseTree,
} from 'jsonc-parser';
import { ADAPTER } from '../core/features';
import { Failure } from '../shell/failure';
import { BYTE_ORDER_MARK, storagePlace } from './config';
import type { SettingsFile } from './settings-file';

/** The adapter's options in Ghost's configuration. Without `active`, they have no effect. */
export interface GhostConfigBlock {
  storage: { S3CloudFrontStorage: Record<string, string> };
}

/** A value of the configuration with its path: `[['storage', 'active'], 'S3CloudFrontStorage']`. */
export type Setting = readonly [place: readonly string[], value: unknown];

/**
 * Options of an image server that another one may not have. If they stayed in the file, they would break its URLs and
 * its CDN.
 */
export const OPTIONS_OF_THE_SERVER = ['tenantPrefix', 'cdnFallbackSecret'];

/**
 * Adds the adapter's options to the text of a configuration, and leaves everything else unchanged, including spaces.
 *
 * @param text empty for a new file
 * @throws Failure when the text is not that of such a file
 */
export function withGhostConfig(text: string, block: GhostConfigBlock, settings: SettingsFile): string {
  const own = [...storagePlace(settings.own(text)), ADAPTER];
  const options = block.storage[ADAPTER];
  const outdated = OPTIONS_OF_THE_SERVER.filter((name) => !(name in options)).map((name) => [...own, name]);
  return settings.withValues(
    settings.withoutValues(text, outdated),
    Object.entries(options).map(([name, value]): Setting => [[...own, name], value]),
  );
}

/**
 * Writes settings into the text of a configuration, in its layout.
 *
 * @param text a JSON object, empty for a new file
 * @throws Failure when a name occurs twice in an object: Ghost reads the last one, other programs the first
 */
export function withValues(text: string, settings: readonly Setting[]): string {
  const [mark = ''] = BYTE_ORDER_MARK.exec(text) ?? [];
  const json = text.slice(mark.length);
  refuseDuplicates(parseTree(json));
  const layout = layoutOf(json);
  const start = json.trim() === '' ? '{}\n' : json;
  return mark + settings.reduce((current, [place, value]) => withValue(current, [...place], value, layout), start);
}

function refuseDuplicates(node: Node | undefined): void {
  const names =
    node?.type === 'object' ? (node.children ?? []).map(({ children }) => String(children?.[0]?.value)) : [];
  const seen = new Set<string>();
  const duplicate = names.find((name) => seen.has(name) || !seen.add(name));
  if (duplicate !== undefined) {
    throw new Failure(
      `"${duplicate}" occurs twice in the same object of Ghost's configuration. Ghost reads only the last one.`,
      'Merge the two, and run the command again.',
    );
  }
  node?.children?.forEach(refuseDuplicates);
}

/**
 * Removes settings from the text of a configuration, and the objects that become empty. Missing settings are skipped.
 *
 * @param text a JSON object
 */
export const withoutValues = (text: string, places: readonly (readonly string[])[]): string =>
  places.reduce(withoutValue, text);

/** Returns the indentation of the file; the formatter finds its line breaks itself. */
function layoutOf(text: string): FormattingOptions {
  const [, indentation = '  '] = /^([ \t]+)"/m.exec(text) ?? [];
  return { insertSpaces: !indentation.startsWith('\t'), tabSize: indentation.length };
}

function withValue(text: string, place: string[], value: unknown, layout: FormattingOptions): string {
  const root = parseTree(text);
  const nodeAt = (depth: number) => root && findNodeAtLocation(root, place.slice(0, depth));
  // `modify` adds nothing below a value that is not an object.
  const blocked = place.findIndex((_, depth) => (nodeAt(depth)?.type ?? 'object') !== 'object');
  if (blocked > 0) {
    return withValue(withValue(text, place.slice(0, blocked), {}, layout), place, value, layout);
  }
  const node = nodeAt(place.length);
  if (node && JSON.stringify(getNodeValue(node)) === JSON.stringify(value)) {
    return text;
  }
  // With its own formatting, `modify` would also change the rest of the line.
  const [edit = { offset: 0, length: 0, content: '' }] = modify(text, place, value, {});
  const { offset, content } = edit;
  const changed = applyEdits(text, [edit]);
  // The first property of an object also needs a line break before and after it.
  const margin = !node && changed[offset - 1] === '{' ? 1 : 0;
  return applyEdits(changed, format(changed, { offset: offset - margin, length: content.length + 2 * margin }, layout));
}

function withoutValue(text: string, place: readonly string[]): string {
  const root = parseTree(text);
  const property = root && findNodeAtLocation(root, [...place])?.parent;
  const siblings = property?.parent?.children ?? [];
  if (!property) {
    return text;
  }
  if (siblings.length === 1) {
    return place.length > 1
      ? withoutValue(text, place.slice(0, -1))
      : applyEdits(text, [{ offset: root.offset, length: root.length, content: '{}' }]);
  }
  // `modify` would also remove the line break and the comments before a first property.
  const index = siblings.indexOf(property);
  const [before, after] = [siblings[index - 1], siblings[index + 1]];
  const offset = before ? before.offset + before.length : property.offset;
  const end = before || !after ? property.offset + property.length : after.offset;
  return applyEdits(text, [{ offset, length: end - offset, content: '' }]);
}
