import { visibleLines } from '../../../shell/text';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** HTML that is safe to put into a page. */
export class Markup {
  constructor(readonly text: string) {}
}

/**
 * Builds HTML from a template. Every value is escaped, except for other markup. Lists are joined. Control characters,
 * and those that change the direction of text, are shown as codes.
 */
export function markup(parts: TemplateStringsArray, ...values: Value[]): Markup {
  return new Markup(parts.map((part, index) => (index === 0 ? part : markupOf(values[index - 1]) + part)).join(''));
}

type Value = string | number | Markup | Markup[] | undefined;

function markupOf(value: Value): string {
  if (value instanceof Markup) {
    return value.text;
  }
  if (Array.isArray(value)) {
    return value.map(({ text }) => text).join('');
  }
  return visibleLines(String(value ?? '')).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
