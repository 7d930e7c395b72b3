import { createColors } from 'picocolors';
import { visibleLines } from './text';

export type Colors = ReturnType<typeof createColors>;

type Formatter = Colors['bold'];

/**
 * Replaces the escape character in our own colors until they are printed. Text from outside cannot contain it. It is
 * created with the first color, so that a command without colors does not load `crypto`, which takes 10 ms.
 */
let ourEscape: string | undefined;

function createEscape(): string {
  const { randomUUID } = require('node:crypto') as typeof import('node:crypto');
  return randomUUID();
}

/**
 * Returns the colors for an output: on a terminal, unless NO_COLOR is set, and wherever FORCE_COLOR asks for them.
 * picocolors by itself would also color the log files of a CI. Only `printable` turns them into escape codes.
 *
 * @see https://no-color.org, https://force-color.org
 */
export function colorsOn(output: NodeJS.WriteStream): Colors {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const isColored = !NO_COLOR && (FORCE_COLOR ? FORCE_COLOR !== '0' : isTerminal(output));
  const colors = createColors(isColored);
  const marked = (format: Formatter): Formatter => {
    return (text) => {
      const formatted = format(printable(String(text)));
      return isColored ? formatted.replaceAll('\x1b', (ourEscape ??= createEscape())) : formatted;
    };
  };
  const entries = Object.entries<Formatter | boolean>({ ...colors }).map(([name, format]) => [
    name,
    typeof format === 'function' ? marked(format) : format,
  ]);
  return Object.fromEntries(entries) as Colors;
}

/** Returns a text that is safe to print: with our own colors, and with all other control characters made visible. */
export function printable(text: string): string {
  const visible = visibleLines(text);
  return ourEscape === undefined ? visible : visible.replaceAll(ourEscape, '\x1b');
}

// The property isTTY of a pipe is undefined.
export const isTerminal = ({ isTTY }: NodeJS.WriteStream) => Boolean(isTTY) && process.env.TERM !== 'dumb';
