import { accessSync, constants, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { applyEdits, modify, parse, type ParseError, printParseErrorCode } from 'jsonc-parser';
import { Failure } from './failure';

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
  const { adapters } = parseConfig(text, file);
  const storage = adapters?.storage === undefined ? ['storage'] : ['adapters', 'storage'];
  const options = Object.entries(block.storage.S3CloudFrontStorage).map(
    ([name, value]) => [[...storage, 'S3CloudFrontStorage', name], value] as const,
  );
  const changes: (readonly [readonly string[], unknown])[] = [
    [[...storage, 'active'], block.storage.active],
    [[...storage, 'media'], block.storage.media],
    [[...storage, 'files'], block.storage.files],
    ...options,
    ...Object.entries(block.urls).map(([name, value]) => [['urls', name], value] as const),
  ];
  return changes.reduce(
    (current, [place, value]) =>
      isSame(valueAt(parse(current), place), value)
        ? current
        : applyEdits(current, modify(current, [...place], value, { formattingOptions: formattingOf(text) })),
    text.trim() === '' ? '{}\n' : text,
  );
}

/**
 * Looks whether the block can be written into a file, so that this does not fail when everything else is done.
 *
 * @throws Failure with the file and the cause
 */
export function checkGhostConfigFile(file: string): void {
  const exists = existsSync(file);
  try {
    accessSync(exists ? file : path.dirname(path.resolve(file)), constants.W_OK);
  } catch (error) {
    throw new Failure(
      `${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`,
      "Name Ghost's configuration file, for example /var/www/ghost/config.production.json, and run as who may write it.",
    );
  }
  if (exists) {
    parseConfig(readFileSync(file, 'utf8'), file);
  }
}

/**
 * Writes the block into Ghost's configuration file. What was there is kept beside it.
 *
 * @param file path; a file that is not there is made, readable to its owner only
 * @returns the path of the backup, undefined when nothing had to be changed or there was no file
 */
export function writeGhostConfig(file: string, block: GhostConfigBlock): string | undefined {
  const isNew = !existsSync(file);
  const before = isNew ? '' : readFileSync(file, 'utf8');
  const after = withGhostConfig(before, block, file);
  if (after === before) {
    return undefined;
  }
  if (isNew) {
    writeFileSync(file, after, { mode: 0o600, flag: 'wx' });
    return undefined;
  }
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const backup = path.join(path.dirname(file), `${path.basename(file)}.${time}.backup`);
  copyFileSync(file, backup, constants.COPYFILE_EXCL);
  // In place: another file would belong to who runs this, and Ghost might not read it.
  writeFileSync(file, after);
  return backup;
}

function parseConfig(text: string, file: string): { adapters?: { storage?: unknown } } {
  const errors: ParseError[] = [];
  const config: unknown = text.trim() === '' ? {} : parse(text, errors);
  const [error] = errors;
  if (error || typeof config !== 'object' || config === null || Array.isArray(config)) {
    const line = text.slice(0, error?.offset ?? 0).split('\n').length;
    throw new Failure(
      `${file} is no JSON object${error ? `: ${printParseErrorCode(error.error)} in line ${line}` : ''}.`,
      "Name Ghost's configuration file, for example config.production.json, or mend it there.",
    );
  }
  return config;
}

/** The indentation of the file itself. */
function formattingOf(text: string) {
  const [, indentation = '  '] = /^\{\s*?\r?\n([ \t]+)"/.exec(text.trimStart()) ?? [];
  return {
    insertSpaces: !indentation.startsWith('\t'),
    tabSize: indentation.startsWith('\t') ? 1 : indentation.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
}

const valueAt = (value: unknown, place: readonly string[]) =>
  place.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
