import { Failure } from '../../shell/failure';

/** Returns the value of a variable, undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

const NAME = /[_a-z][_a-z0-9]*/iy;
const BRACED = /^([_a-z][_a-z0-9]*)(?:(:?[-+?])(.*))?$/is;

/**
 * Replaces variables as Docker Compose does: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}` and
 * `${NAME:?error}`, each also without the colon and nested, and `$$` for a dollar.
 *
 * @param file where the text is from, for errors
 * @param onUnset is called with each variable that is needed, not set, and has no default
 * @throws Failure for a variable that is required and not set, and for braces that are not closed
 * @see https://docs.docker.com/reference/compose-file/interpolation/
 */
export function interpolate(
  text: string,
  lookup: Lookup,
  file: string,
  onUnset: (name: string) => void = () => {},
): string {
  const required = (name: string) => {
    const value = lookup(name);
    if (value === undefined) {
      onUnset(name);
    }
    return value;
  };
  let result = '';
  for (let at = 0; at < text.length;) {
    const dollar = text.indexOf('$', at);
    if (dollar === -1) {
      return result + text.slice(at);
    }
    result += text.slice(at, dollar);
    const next = text[dollar + 1];
    NAME.lastIndex = dollar + 1;
    const [name] = NAME.exec(text) ?? [];
    if (next === '{') {
      const end = closingBrace(text, dollar);
      result += valueOf(
        text.slice(dollar + 2, end ?? dollar + 2),
        { lookup, required },
        (word) => interpolate(word, lookup, file, onUnset),
        file,
      );
      at = (end ?? dollar) + 1;
    } else if (name !== undefined) {
      result += required(name) ?? '';
      at = dollar + 1 + name.length;
    } else {
      result += '$';
      at = dollar + (next === '$' ? 2 : 1);
    }
  }
  return result;
}

/** Returns where the braces of a variable end, undefined when they are not closed. */
function closingBrace(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text.startsWith('${', at)) {
      depth += 1;
      at += 1;
    } else if (text[at] === '}') {
      depth -= 1;
      if (depth === 0) {
        return at;
      }
    }
  }
  return undefined;
}

function valueOf(
  inner: string,
  { lookup, required }: Record<'lookup' | 'required', Lookup>,
  replaced: (word: string) => string,
  file: string,
): string {
  const [, name, operator = '', word = ''] = BRACED.exec(inner) ?? [];
  if (name === undefined) {
    throw new Failure(
      `${file} has a variable in braces that Docker Compose cannot read.`,
      'Correct what follows ${ there, or write $${ to mean these two characters.',
    );
  }
  const kind = operator.slice(-1);
  const value = kind === '' || kind === '?' ? required(name) : lookup(name);
  const isThere = value !== undefined && !(operator.startsWith(':') && value === '');
  const wordValue = () => replaced(word);
  if (kind === '?' && !isThere) {
    throw new Failure(
      `${file} needs the variable ${name}, which is not set${word === '' ? '' : `: ${wordValue()}`}.`,
      `Set ${name} in the file .env next to it, or in the environment of this command.`,
    );
  }
  if (kind === '+') {
    return isThere ? wordValue() : '';
  }
  return kind === '-' && !isThere ? wordValue() : (value ?? '');
}
