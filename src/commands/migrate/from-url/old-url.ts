import { domainToUnicode } from 'node:url';

/** A URL in a text that starts with the old URL, as the text spells it. */
export interface OldAddress {
  address: string;
  /** The part that is the old URL, without the slash after it: `//old.example.com`. */
  start: string;
}

// Texts contain URLs as they are, in JSON with escaped slashes, in the query of another URL, and with HTML entities.
// The repetitions are limited, so that no text takes long to match.
const SLASH = String.raw`(?:\\{0,8}/|%(?:25){0,3}2F|&#0{0,5}47;|&#x0{0,4}2F;|&sol;)`;
const COLON = String.raw`(?::|%(?:25){0,3}3A|&#0{0,5}58;|&#x0{0,4}3A;|&colon;)`;

/** The rest of a URL. It ends where Ghost's inliner ends it, and at the space and the comma of a srcset. */
const REST = String.raw`(?:\\{1,8}/|(?!&quot;|,(?:https?:)?//)[^"'()<>\\\s])*`;

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const anyOf = (texts: string[]) => `(?:${[...new Set(texts)].map(literal).join('|')})`;

/**
 * Finds the URLs in a text that start with the old URL: with https, http or no protocol, in upper or lower case, with
 * the default port, with both spellings of an international host, and inside the URL of an image proxy.
 */
export function readAddresses(text: string, oldUrl: string): OldAddress[] {
  return [...text.matchAll(patternOf(oldUrl))].map(([address, start = '']) => ({
    address: address.replace(/,$/, ''),
    start: start.replace(/\/$/, ''),
  }));
}

function patternOf(oldUrl: string): RegExp {
  const { hostname, port, pathname } = new URL(oldUrl);
  const host = anyOf([hostname, domainToUnicode(hostname)]);
  const ports = port ? COLON + port : `(?:${COLON}(?:80|443))?`;
  const folders = pathname.split('/').filter(Boolean);
  const path = folders.map((folder) => SLASH + anyOf([folder, decodeURIComponent(folder)])).join('');
  const beginning = [
    `https?${COLON}${SLASH}{2}`,
    // Without a protocol, but not the rest of a URL with another protocol.
    `(?<![:\\w/;%\\\\])${SLASH}{2}`,
    // In the path or the query of an image proxy: https://i0.wp.com/old.example.com/2020/a.jpg
    String.raw`(?<=[^/\\:]/|=)`,
  ];
  return new RegExp(`((?:${beginning.join('|')})${host}${ports}${path}${SLASH})${REST}`, 'giu');
}

/** Returns whether a URL has a protocol and the spelling that Ghost's media inliner searches for. */
export const isAbsolute = ({ start }: OldAddress) => /^https?:\/\/[^\\%&]*$/i.test(start);

/** Returns whether a URL has no protocol, but the spelling that Ghost's media inliner searches for. */
export const isProtocolRelative = ({ start }: OldAddress) => /^\/\/[^\\%&]*$/.test(start);

/** Returns whether one URL is the same as the other or below it, with either protocol. */
export function isBelow(url: string, above: string): boolean {
  const [inner, outer] = [url, above].map((text) => text.replace(/^https?:/i, '').replace(/\/+$/, '')) as [
    string,
    string,
  ];
  return `${inner}/`.startsWith(`${outer}/`);
}
