import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';

/** Secrets to look for, by name. */
export type Marks = Record<string, string>;

/** Collects everything that may become visible, and finds secrets in it. */
export class Seen {
  private readonly texts: { where: string; text: string }[] = [];

  constructor(private readonly marks: Marks) {}

  /** The number of collected texts. */
  get count(): number {
    return this.texts.length;
  }

  /** Adds a text, or another value in every form in which a log may show it. */
  note(where: string, value: unknown): void {
    const texts =
      typeof value === 'string'
        ? [value]
        : [inspect(value, { depth: Infinity, showHidden: true, maxStringLength: Infinity }), asJson(value)];
    this.texts.push(...texts.map((text) => ({ where, text })));
  }

  /** Adds every file in a folder except those with an excluded name. */
  async noteFiles(where: string, folder: string, isOwn: (name: string) => boolean): Promise<void> {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      this.note(`${where}: the name of a file`, file);
      if (entry.isFile() && !isOwn(entry.name)) {
        this.note(`${where}: ${path.relative(folder, file)}`, await readFile(file, 'latin1'));
      }
    }
  }

  /** Returns where secrets can be read, in any form: `secretAccessKey in console`. */
  findings(): string[] {
    const found = Object.entries(this.marks).flatMap(([name, mark]) =>
      formsOf(mark).flatMap((form) =>
        this.texts
          .filter(({ text }) => text.includes(form))
          .map(({ where, text }) => `${name} in ${where}: ${around(text, form)}`),
      ),
    );
    return [...new Set(found)];
  }

  /** Returns the names of all places. */
  places(): string[] {
    return [...new Set(this.texts.map(({ where }) => where))];
  }
}

/** Returns the text around a secret, which shows its origin. */
function around(text: string, form: string): string {
  const at = text.indexOf(form);
  return text.slice(Math.max(0, at - 100), at + form.length + 100);
}

function asJson(value: unknown): string {
  try {
    // A function has no JSON.
    const json = JSON.stringify(value, (_key, inner: unknown) =>
      inner instanceof Error ? { ...inner, message: inner.message, stack: inner.stack } : inner,
    ) as string | undefined;
    return json ?? '';
  } catch {
    // A value that refers to itself has no JSON, so a log can't contain it either.
    return '';
  }
}

/** Returns a secret in plain text and as it appears in URLs, headers and dumps. */
function formsOf(mark: string): string[] {
  const bytes = Buffer.from(mark);
  // Inside longer data, base64 depends on the offset, and its first and last characters on the neighboring bytes.
  const inBase64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return text.slice(shift === 0 ? 0 : 4, -4);
  });
  return [
    mark,
    encodeURIComponent(mark),
    JSON.stringify(mark).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...inBase64,
    ...inBase64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}
