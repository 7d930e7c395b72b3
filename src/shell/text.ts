/** Writes a whole number as `1,234,567`, without `toLocaleString`, whose first call takes 20 ms. */
export const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 file`, `300 files` */
export const counted = (count: number, noun: string): string => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;

/** `0.4 MB`, `12 MB`, `3.5 GB`: in decimal units, as cloud providers count. */
export function megabytes(bytes: number): string {
  const [value, unit] = bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${value < 10 ? value.toFixed(1) : number(Math.round(value))} ${unit}`;
}

/** `7 s`, `3 min`, `2 h 10 min` */
export function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (seconds < 100) {
    return `${Math.ceil(seconds)} s`;
  }
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Quotes a value for a POSIX shell and for files of environment variables. */
export const quoted = (value: string): string =>
  /^[\w./:@%+,=-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;

/**
 * Removes user names and passwords from the URLs in a text. An invalid URL, such as one with a slash in its password,
 * loses everything before its last `@`.
 */
export const withoutUserInfo = (text: string): string =>
  text.replace(/\b[a-z][a-z\d+.-]*:\/\/[^\s"'<>]+/gi, (url) =>
    URL.canParse(url) ? url.replace(/\/\/[^/?#\\]*@/, '//') : url.replace(/\/\/.*@/, '//'),
  );

/** Control characters, which terminals obey, and characters that change the order or the lines of the text. */
const OBEYED = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The same, and all other invisible characters. Emoji and some scripts need some of them. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Encodes the characters that a terminal would obey in a text from elsewhere, such as the title of a post: `%1B[31m`.
 */
export const visible = (text: string): string => text.replace(OBEYED, encodeURIComponent);

/** Like `visible`, for a text of several lines. */
export const visibleLines = (text: string): string =>
  text.replace(OBEYED, (character) => (/[\n\t]/.test(character) ? character : encodeURIComponent(character)));

/** Returns a value as JSON of several lines in which all characters are visible, and none is obeyed by a terminal. */
export const toJson = (value: unknown): string => escaped(JSON.stringify(value, null, 2));

/** Like `toJson`, in one line. */
export const toJsonLine = (value: unknown): string => escaped(JSON.stringify(value));

const escaped = (json: string): string =>
  json.replace(UNSEEN, (character) =>
    character === '\n'
      ? character
      : character
          .split('')
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join(''),
  );
