import { domainToUnicode } from 'node:url';

/** An address below the old URL, as a text spells it. */
export interface OldAddress {
  address: string;
  /** The part that names the old URL, without the slash after it: `//old.example.com`. */
  start: string;
}

// Texts hold addresses as they are, in JSON with escaped slashes, in the query of another URL, and in HTML entities. The
// repetitions are bounded, so that no text takes long to read.
const SLASH = String.raw`(?:\\{0,8}/|%(?:25){0,3}2F|&#0{0,5}47;|&#x0{0,4}2F;|&sol;)`;
const COLON = String.raw`(?::|%(?:25){0,3}3A|&#0{0,5}58;|&#x0{0,4}3A;|&colon;)`;

/** Ends addresses where Ghost's inliner does, and at the space and the comma of a srcset. */
const REST = String.raw`(?:\\{1,8}/|(?!&quot;|,(?:https?:)?//)[^"'()<>\\\s])*`;

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const anyOf = (texts: string[]) => `(?:${[...new Set(texts)].map(literal).join('|')})`;

/**
 * Finds the addresses below the old URL in a text: with https and http, without a protocol, in any case, with the port
 * that goes without saying, with an international host in both spellings, and in the URL of an image proxy.
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
    // Without a protocol, and not the rest of an address with another one.
    `(?<![:\\w/;%\\\\])${SLASH}{2}`,
    // In the path or the query of an image proxy: https://i0.wp.com/old.example.com/2020/a.jpg
    String.raw`(?<=[^/\\:]/|=)`,
  ];
  return new RegExp(`((?:${beginning.join('|')})${host}${ports}${path}${SLASH})${REST}`, 'giu');
}

/** Whether an address has a protocol, and is spelled as Ghost's media inliner looks for it. */
export const isAbsolute = ({ start }: OldAddress) => /^https?:\/\/[^\\%&]*$/i.test(start);

/** Whether an address has no protocol, and is spelled as Ghost's media inliner looks for it. */
export const isProtocolRelative = ({ start }: OldAddress) => /^\/\/[^\\%&]*$/.test(start);

/** Whether one URL is the other, or below it, with either protocol. */
export function isBelow(url: string, above: string): boolean {
  const [inner, outer] = [url, above].map((text) => text.replace(/^https?:/i, '').replace(/\/+$/, '')) as [
    string,
    string,
  ];
  return `${inner}/`.startsWith(`${outer}/`);
}
