import { randomUUID } from 'node:crypto';
import { createColors } from 'picocolors';
import { visibleLines } from './text';

export type Colors = ReturnType<typeof createColors>;

type Formatter = Colors['bold'];

/** Replaces the escape character in our own colors until they are printed. Text from outside cannot contain it. */
const OUR_ESCAPE = randomUUID();

/**
 * Returns the colors for an output: on a terminal, unless NO_COLOR is set, and wherever FORCE_COLOR asks for them.
 * picocolors by itself would also color the log files of a CI. Only `printable` turns them into escape codes.
 *
 * @see https://no-color.org, https://force-color.org
 */
export function colorsOn(output: NodeJS.WriteStream): Colors {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const colors = createColors(!NO_COLOR && (FORCE_COLOR ? FORCE_COLOR !== '0' : isTerminal(output)));
  const marked = (format: Formatter): Formatter => {
    return (text) => format(printable(String(text))).replaceAll('\x1b', OUR_ESCAPE);
  };
  const entries = Object.entries<Formatter | boolean>({ ...colors }).map(([name, format]) => [
    name,
    typeof format === 'function' ? marked(format) : format,
  ]);
  return Object.fromEntries(entries) as Colors;
}

/** Returns a text that is safe to print: with our own colors, and with all other control characters made visible. */
export const printable = (text: string): string => visibleLines(text).replaceAll(OUR_ESCAPE, '\x1b');

// The property isTTY of a pipe is undefined.
export const isTerminal = ({ isTTY }: NodeJS.WriteStream) => Boolean(isTTY) && process.env.TERM !== 'dumb';
