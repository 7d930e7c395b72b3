/** A character on the screen. */
export interface Cell {
  character: string;
  /** Its color and attributes, such as `bold green`; empty for plain text. */
  style: string;
}

const ESCAPE = '\x1b';
/** An escape sequence with its parameters and final letter, or a character. */
const PIECES = new RegExp(`${ESCAPE}\\[([?\\d;]*)([A-Za-z])|[^]`, 'gu');
/** The beginning of an escape sequence at the end of a text. */
const UNFINISHED = new RegExp(`${ESCAPE}(?:\\[[?\\d;]*)?$`);

const TAB = 8;

const COLORS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const ATTRIBUTES: Record<number, string> = { 1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline', 7: 'inverse' };
/** The attributes that a number ends. */
const ENDS: Record<number, string[]> = {
  22: ['bold', 'dim'],
  23: ['italic'],
  24: ['underline'],
  27: ['inverse'],
  39: COLORS,
};

/**
 * Draws a terminal's output: text, line ends, colors, and the sequences that move the cursor and clear lines. Lines that
 * have left a real terminal at its top stay.
 * https://vt100.net/docs/vt510-rm/chapter4.html
 */
export class TerminalScreen {
  readonly rows: Cell[][] = [[]];
  row = 0;
  column = 0;
  hasCursor = true;
  #unread = '';
  #style: string[] = [];

  /** @param columns after which text goes to the next line */
  constructor(private readonly columns = Infinity) {}

  write(output: string): void {
    const text = this.#unread + output;
    this.#unread = UNFINISHED.exec(text)?.[0] ?? '';
    for (const [piece, parameters, final] of text.slice(0, text.length - this.#unread.length).matchAll(PIECES)) {
      if (final === undefined) {
        this.#put(piece);
      } else if (final === 'm') {
        (parameters || '0').split(';').forEach((number) => this.#paint(Number(number)));
      } else {
        this.#move(final, parameters ?? '');
      }
    }
  }

  /** Returns the lines, without colors and trailing spaces. */
  lines(): string[] {
    return Array.from(this.rows, (cells) =>
      Array.from(cells ?? [], ({ character }) => character)
        .join('')
        .trimEnd(),
    );
  }

  #put(character: string): void {
    if (character === '\r') {
      this.column = 0;
    } else if (character === '\n') {
      this.row += 1;
    } else if (character === '\t') {
      this.column += TAB - (this.column % TAB);
    } else if (character >= ' ') {
      if (this.column >= this.columns) {
        [this.row, this.column] = [this.row + 1, 0];
      }
      const line = this.#line();
      while (line.length < this.column) line.push({ character: ' ', style: '' });
      line[this.column] = { character, style: this.#style.join(' ') };
      this.column += 1;
    }
  }

  #move(final: string, parameters: string): void {
    const count = Number(parameters) || 1;
    if (final === 'A') this.row = Math.max(this.row - count, 0);
    else if (final === 'B') this.row += count;
    else if (final === 'C') this.column += count;
    else if (final === 'D') this.column = Math.max(this.column - count, 0);
    else if (final === 'G') this.column = count - 1;
    else if (final === 'K') this.#line().splice(parameters === '2' ? 0 : this.column);
    else if (final === 'J') this.rows.splice(this.row, Infinity, this.#line().slice(0, this.column));
    else if (parameters === '?25') this.hasCursor = final === 'h';
  }

  #paint(number: number): void {
    const color = COLORS[number - 30] ?? (number === 90 ? 'dim' : COLORS[number - 90]);
    const ended = color && color !== 'dim' ? COLORS : (ENDS[number] ?? []);
    const name = color ?? ATTRIBUTES[number];
    this.#style = number === 0 ? [] : this.#style.filter((one) => !ended.includes(one) && one !== name);
    if (name !== undefined) {
      this.#style.push(name);
    }
  }

  #line(): Cell[] {
    return (this.rows[this.row] ??= []);
  }
}
