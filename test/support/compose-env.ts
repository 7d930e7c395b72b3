/**
 * Reads env files by the rules of Docker Compose's own parser, written independently of the project's reader, in passes over
 * characters as that parser works: https://github.com/compose-spec/compose-go/tree/main/dotenv
 *
 * @param text an env file, with any quotes, escapes, comments and variables
 * @param environment variables that come before those of the file
 * @returns the variables that a container gets
 * @throws Error where Docker Compose would refuse to start
 */
export function parseAsCompose(text: string, environment: Record<string, string> = {}): Record<string, string> {
  const found: Record<string, string> = {};
  let rest = text.replace(/^\uFEFF/, '');
  for (;;) {
    rest = statementIn(rest);
    if (rest === '') return found;
    rest = rest.replace(/^export[ \t\n\f\r]+/, '');
    const end = [...rest].findIndex((character) => '=:\n'.includes(character));
    if (end === -1) throw new Error('no "=" in the last line');
    const key = rest.slice(0, end).trimEnd();
    if (!/^[\p{L}\p{N}_.\-[\]]*$/u.test(key)) throw new Error(`unexpected character in the name ${key}`);
    const isInherited = rest[end] === '\n';
    rest = rest.slice(end + 1).replace(/^[\t\v\f\r \u0085\u00a0]+/, '');
    const lookup = (name: string) => environment[name] ?? found[name];
    if (isInherited) {
      const value = lookup(key);
      if (value !== undefined) found[key] = value;
      continue;
    }
    const [raw, left, quote] = valueIn(rest);
    found[key] = quote === "'" ? raw : substitute(quote === '"' ? unescape(raw) : raw, lookup);
    rest = left;
  }
}

function statementIn(text: string): string {
  const start = text.trimStart();
  if (!start.startsWith('#')) return start;
  const end = start.indexOf('\n');
  return end === -1 ? '' : statementIn(start.slice(end));
}

function valueIn(text: string): [value: string, rest: string, quote: string] {
  const quote = text[0] ?? '';
  if (quote !== '"' && quote !== "'") {
    const [line = '', ...others] = text.split('\n');
    const comment = line.indexOf(' #');
    return [(comment === -1 ? line : line.slice(0, comment)).trimEnd(), others.join('\n'), ''];
  }
  const value: string[] = [];
  let escapes = false;
  for (let at = 1; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === quote && !escapes) return [value.join(''), text.slice(at + 1), quote];
    if (character === '\\' && !escapes) {
      escapes = true;
      continue;
    }
    if (escapes && character !== quote) value.push('\\');
    value.push(character);
    escapes = false;
  }
  throw new Error('unterminated quoted value');
}

const GO_ESCAPES: Record<string, string> = {
  '\\a': '\x07',
  '\\b': '\b',
  '\\f': '\f',
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
  '\\v': '\v',
  '\\"': '"',
  '\\\\': '\\',
  '\\$': '$$',
};

const unescape = (text: string): string =>
  text.replace(/\\(?:[abcfnrtv$"\\]|0\d{0,3})/g, (sequence) => {
    const octal = /^\\0([0-3][0-7]{2})$/.exec(sequence)?.[1];
    // Its parser drops the 0 before it asks Go for the character, also where Go then knows none.
    const other = sequence.startsWith('\\0') ? `\\${sequence.slice(2)}` : sequence;
    return octal === undefined ? (GO_ESCAPES[sequence] ?? other) : String.fromCharCode(Number.parseInt(octal, 8));
  });

/** Without defaults, which the tests of interpolation look at. */
function substitute(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(
    /\$(?:(\$)|([_a-z][_a-z0-9]*)|\{([_a-z][_a-z0-9]*)\}|(\{))/gi,
    (_, dollar, named, braced, invalid) => {
      if (invalid) throw new Error('invalid interpolation');
      return dollar ? '$' : (lookup(String(named ?? braced)) ?? '');
    },
  );
}
