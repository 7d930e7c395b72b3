import { S3Error } from './s3-error';

/** An array repeats its element; undefined omits it. */
export type XmlValue = string | number | boolean | undefined | XmlValue[] | { [name: string]: XmlValue };

const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Writes an XML document with one root element. S3's answers are in its namespace, its errors are not. */
export function toXml(root: string, value: XmlValue, { inNamespace = false } = {}): string {
  const attributes = inNamespace ? ` xmlns="${S3_NAMESPACE}"` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, value, attributes)}`;
}

function element(name: string, value: XmlValue, attributes = ''): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => element(name, item)).join('');
  const content =
    typeof value === 'object'
      ? Object.entries(value)
          .map(([child, childValue]) => element(child, childValue))
          .join('')
      : escapeXml(String(value));
  return `<${name}${attributes}>${content}</${name}>`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  // Keys may hold control characters; S3 writes them as references although XML 1.0 has no place for most.
  return text.replace(specialCharacters, (character) => {
    return entities[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;
  });
}

const specialCharacters = new RegExp(`[&<>"${String.fromCharCode(0)}-${String.fromCharCode(31)}]`, 'g');

export interface XmlElement {
  name: string;
  text: string;
  children: XmlElement[];
}

const token = /<\?[^?]*\?>|<!--[\s\S]*?-->|<(\/?)([\w:.-]+)[^<>]*?(\/?)>|([^<]+)/y;

/** Reads a request's document: S3's clients send only elements, text and references. */
export function parseXml(source: string): XmlElement {
  const document: XmlElement = { name: '', text: '', children: [] };
  const open = [document];
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const match = token.exec(source);
    const current = open.at(-1);
    if (!match || !current) throw malformed();
    const [, closing, name, selfClosing, text] = match;
    if (text !== undefined) {
      current.text += unescapeXml(text);
    } else if (name !== undefined && closing) {
      if (current.name !== name || open.length === 1) throw malformed();
      open.pop();
    } else if (name !== undefined) {
      const child: XmlElement = { name, text: '', children: [] };
      current.children.push(child);
      if (!selfClosing) open.push(child);
    }
  }
  const root = document.children[0];
  if (open.length !== 1 || document.children.length !== 1 || !root) throw malformed();
  return root;
}

/** Returns the text of a child element; undefined if there is none. */
export function childText(parent: XmlElement, name: string): string | undefined {
  return parent.children.find((child) => child.name === name)?.text.trim();
}

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|(amp|lt|gt|quot|apos));/gi, (_, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(parseInt(hex as string, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[(name as string).toLowerCase()] ?? '';
  });
}

function malformed(): S3Error {
  return new S3Error('MalformedXML', 'The document in the body is not well-formed XML of the expected shape.');
}
