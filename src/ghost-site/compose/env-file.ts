import { Failure } from '../../shell/failure';
import { interpolate, type Lookup } from './interpolate';

/** A variable in the text of an env file. */
interface Entry {
  name: string;
  /** Where its line starts and where its value ends, in the text. */
  start: number;
  end: number;
  /** Where its value starts, with its quotes. Undefined for a name alone, whose value is that of the environment. */
  valueStart?: number;
  quote?: '"' | "'";
  /** The value without quotes, before escapes and variables are replaced. */
  raw: string;
}

/** Spaces other than the line break, as Docker Compose sees them. */
const SPACE = /[\t\v\f\r \u0085\u00a0]*/y;
const BLANK = /\s*/y;
const EXPORT = /export\s+/y;
/** In double quotes. Docker Compose reads `\$` as it reads `$$`. */
const ESCAPE = /\\(?:[abfnrtv$"\\]|0\d{0,3})/g;
const OCTAL = /^0[0-3][0-7]{2}$/;
const ESCAPED: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  $: '$$',
  '"': '"',
  '\\': '\\',
};
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Reads the text of an env file as Docker Compose does.
 *
 * @param file its name, for errors, which show no values
 * @param lookup the variables that come before those of the file: of Compose itself, and of the service
 * @param onUnset is called with each variable that is used, not set, and has no default
 * @throws Failure with the line that Docker Compose cannot read
 * @see https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
 */
export function readEnvFile(
  text: string,
  file: string,
  lookup: Lookup = () => undefined,
  onUnset: (name: string) => void = () => {},
): Map<string, string> {
  const values = new Map<string, string>();
  const find: Lookup = (name) => lookup(name) ?? values.get(name);
  for (const { name, valueStart, quote, raw } of entriesOf(text, file)) {
    const value =
      valueStart === undefined ? find(name) : quote === "'" ? raw : expanded(raw, quote, find, file, onUnset);
    if (value === undefined) {
      onUnset(name);
    } else {
      values.set(name, value);
    }
  }
  return values;
}

/** Returns the variables of an env file with their values as they are written, without those that others would give them. */
export const writtenVariables = (text: string, file: string): Map<string, string> =>
  new Map(entriesOf(text, file).map(({ name, raw }) => [name, raw]));

/** Returns the value of a variable that depends on no other; undefined for any other. */
function literalOf({ raw, quote }: Entry, file: string): string | undefined {
  let isLiteral = true;
  const lookup = () => {
    isLiteral = false;
    // A required variable also has a value elsewhere.
    return 'set';
  };
  const value = quote === "'" ? raw : expanded(raw, quote, lookup, file);
  return isLiteral ? value : undefined;
}

const expanded = (
  raw: string,
  quote: string | undefined,
  lookup: Lookup,
  file: string,
  onUnset?: (name: string) => void,
) => interpolate(quote === '"' ? raw.replace(ESCAPE, unescaped) : raw, lookup, file, onUnset);

function unescaped(sequence: string): string {
  const code = sequence.slice(1);
  const character = ESCAPED[code] ?? (OCTAL.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : undefined);
  // Docker Compose drops the 0 where it does not start the number of a character.
  return character ?? `\\${code.slice(1)}`;
}

/**
 * Writes variables into the text of an env file: existing ones are replaced where they are, and others are added at its
 * end. Everything else stays unchanged, also a variable that already has its value.
 *
 * @throws Failure for a name or a value that an env file cannot hold
 */
export function withVariables(text: string, variables: Iterable<readonly [string, string]>, file: string): string {
  let result = text;
  for (const [name, value] of variables) {
    const written = quotedValue(name, value, file);
    const found = entriesOf(result, file).findLast((entry) => entry.name === name && entry.valueStart !== undefined);
    if (found && literalOf(found, file) === value) {
      continue;
    }
    if (found) {
      result = result.slice(0, found.valueStart) + written + result.slice(found.end);
    } else {
      const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
      const isComplete = result === '' || result === BYTE_ORDER_MARK || result.endsWith('\n');
      result += `${isComplete ? '' : lineBreak}${name}=${written}${lineBreak}`;
    }
  }
  return result;
}

/** Removes variables from the text of an env file, each with its line. */
export function withoutVariables(text: string, names: readonly string[], file: string): string {
  return entriesOf(text, file)
    .filter(({ name }) => names.includes(name))
    .reduceRight((result, { start, end }) => {
      const lineBreak = result.indexOf('\n', end);
      return result.slice(0, start) + (lineBreak === -1 ? '' : result.slice(lineBreak + 1));
    }, text);
}

/** Replaces the values of an env file, and its comments, in the places where they are. */
export function withShownValues(text: string, file: string, show: (name: string, value: string) => string): string {
  let at = 0;
  let result = '';
  for (const { name, valueStart, end, raw } of entriesOf(text, file)) {
    if (valueStart !== undefined) {
      const shown = show(name, raw);
      result += withoutComments(text.slice(at, valueStart)) + (shown === raw ? text.slice(valueStart, end) : shown);
      at = end;
    }
  }
  return result + withoutComments(text.slice(at));
}

/** Former keys are often kept in comments. */
const withoutComments = (text: string) => text.replace(/#([^\S\r\n]*)\S[^\r\n]*/g, '#$1********');

/**
 * Quotes a value so that Docker Compose reads the same value: only double quotes can hold every value.
 *
 * @throws Failure for a name or a value that an env file cannot hold
 */
function quotedValue(name: string, value: string, file: string): string {
  if (!/^[A-Za-z_][\w.-]*$/.test(name) || value.includes('\0')) {
    throw new Failure(
      `${JSON.stringify(name)} cannot be written to ${file}.`,
      'Names in an env file consist of letters, digits and underscores, and values cannot contain a null byte.',
    );
  }
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll('$', '$$$$');
  return `"${escaped}"`;
}

/** Finds the variables of an env file, from the first to the last. */
function entriesOf(text: string, file: string): Entry[] {
  const entries: Entry[] = [];
  let at = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  for (;;) {
    at = after(BLANK, text, at);
    if (at === text.length) {
      return entries;
    }
    if (text[at] === '#') {
      at = endOfLine(text, at);
      continue;
    }
    const entry = entryAt(text, at, file);
    entries.push(entry);
    at = entry.end;
  }
}

function entryAt(text: string, start: number, file: string): Entry {
  const nameStart = after(SPACE, text, after(EXPORT, text, start));
  const nameEnd = nameStart + text.slice(nameStart).search(/[=:\n]|$/);
  const name = text.slice(nameStart, nameEnd).trimEnd();
  if (!/^[\p{L}\p{N}_.\-[\]]+$/u.test(name)) {
    throw unreadable(text, start, file, 'it does not start with a variable name');
  }
  if (text[nameEnd] === undefined || text[nameEnd] === '\n') {
    return { name, start, end: nameEnd, raw: '' };
  }
  const valueStart = after(SPACE, text, nameEnd + 1);
  const quote = text[valueStart];
  if (quote !== '"' && quote !== "'") {
    const line = text.slice(valueStart, endOfLine(text, valueStart));
    const raw = (line.split(' #', 1)[0] ?? '').trimEnd();
    return { name, start, end: valueStart + raw.length, valueStart, raw };
  }
  return { name, start, valueStart, quote, ...quotedAt(text, valueStart, quote, file) };
}

/** Reads up to the closing quote. A backslash keeps the quote after it, and is dropped in front of one. */
function quotedAt(text: string, start: number, quote: string, file: string): Pick<Entry, 'end' | 'raw'> {
  let raw = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === quote) {
      return { end: at + 1, raw };
    }
    if (character === '\\' && at + 1 < text.length) {
      at += 1;
      raw += text[at] === quote ? quote : `\\${text[at]}`;
    } else {
      raw += character;
    }
  }
  throw unreadable(text, start, file, 'its quotation mark is not closed');
}

function unreadable(text: string, at: number, file: string, why: string): Failure {
  return new Failure(
    `Docker Compose cannot read line ${text.slice(0, at).split('\n').length} of ${file}: ${why}.`,
    'Correct the line, and run the command again.',
  );
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** Returns the position after a sticky pattern that matches there, or the same position. */
function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}
