/** `1,234,567` */
export const number = (value: number): string => value.toLocaleString('en-US');

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
