import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';

/** A secret that is looked for, by its name. */
export type Marks = Record<string, string>;

/** Gathers all that somebody may get to see, and says where a secret is in it. */
export class Seen {
  private readonly texts: { where: string; text: string }[] = [];

  constructor(private readonly marks: Marks) {}

  /** How many things were seen. */
  get count(): number {
    return this.texts.length;
  }

  /** Notes a text, or anything else in every way in which a log shows it. */
  note(where: string, value: unknown): void {
    const texts =
      typeof value === 'string'
        ? [value]
        : [inspect(value, { depth: Infinity, showHidden: true, maxStringLength: Infinity }), asJson(value)];
    this.texts.push(...texts.map((text) => ({ where, text })));
  }

  /** Notes every file in a folder but those whose names are excepted. */
  async noteFiles(where: string, folder: string, isOwn: (name: string) => boolean): Promise<void> {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      this.note(`${where}: the name of a file`, file);
      if (entry.isFile() && !isOwn(entry.name)) {
        this.note(`${where}: ${path.relative(folder, file)}`, await readFile(file, 'latin1'));
      }
    }
  }

  /** Where a secret can be read, in whatever form: `secretAccessKey in console`. */
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

  /** The names of the places that something was seen in. */
  places(): string[] {
    return [...new Set(this.texts.map(({ where }) => where))];
  }
}

/** What is beside it, which shows where it comes from. */
function around(text: string, form: string): string {
  const at = text.indexOf(form);
  return text.slice(Math.max(0, at - 100), at + form.length + 100);
}

function asJson(value: unknown): string {
  try {
    // Of a function there is no JSON.
    const json = JSON.stringify(value, (_key, inner: unknown) =>
      inner instanceof Error ? { ...inner, message: inner.message, stack: inner.stack } : inner,
    ) as string | undefined;
    return json ?? '';
  } catch {
    // What refers to itself has no JSON, in a log neither.
    return '';
  }
}

/** A secret as it is, and as it is after it went through an address, a header or a dump. */
function formsOf(mark: string): string[] {
  const bytes = Buffer.from(mark);
  // Within something longer, base64 depends on where it begins, and its ends on what is beside it.
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
