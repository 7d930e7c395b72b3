import path from 'node:path';
import { isFor } from './features';
import { imageTypeOf } from './image-signatures';

/** How many bytes of a file are read to find out its type. */
export const TELLING_BYTES = 64 * 1024;

export const UNKNOWN_TYPE = 'application/octet-stream';

/**
 * Types whose scripts a browser runs, whether it opens the URL or a page includes it. Uploads are on the owner's domain, so
 * no file is stored with such a type, except for SVG images: Ghost allows them, and the adapter and the CDN send them with
 * a policy that forbids scripts.
 *
 * https://mimesniff.spec.whatwg.org/#javascript-mime-type
 */
const ACTIVE_TYPE =
  /(java|ecma|live|act|vb|\/j)script|scriptlet|html|[/+](xml|xsl)|x-component|\/hta$|flash|cache-manifest/i;

/**
 * Other types are inert only if they are of these kinds: `multipart/x-mixed-replace` and `message/rfc822` can hold
 * pages.
 */
const INERT_TYPE =
  /^(image|audio|video|font|model|application)\/|^text\/(plain|csv|tab-separated-values|(x-)?markdown|calendar|(x-)?vcard|vtt|rtf|richtext)$/i;

/** A single type with its parameters. From a list, a browser may pick another type. */
const ONE_TYPE = /^[\w.+-]+\/[\w.+-]+\s*(;[^,]*)?$/;

/** Downloads with an active type that a browser can show as text. Ghost also stores them as text. */
const READABLE_AS_TEXT = new Set(['.html', '.htm', '.js', '.css', '.xml']);

/** Extensions of JPEG files that the table of media types lacks, or has under a name that few browsers know. */
const JPEG = /^\.(jfif(-tbnl)?|jif|jfi|jpe|p?jpeg|pjp)$/;

/** Other names that programs give to types. */
const COMMON_NAMES: Record<string, string> = {
  'image/pjpeg': 'image/jpeg',
  'image/jpg': 'image/jpeg',
  'image/x-png': 'image/png',
};

/**
 * Returns the content type for an upload.
 *
 * Ghost's type takes precedence, because Ghost checks it against the extension and makes it inert for files. The
 * extension decides when Ghost passes no type (Ghost 5 for files, image sizes, bookmark cards) or an active one. The
 * bytes decide for an image whose name has no image extension.
 *
 * @param name file name; only its extension matters
 * @param staticFileURLPrefix prefix of the feature that stores the file
 * @param ghostType `type` of the file that Ghost passed
 * @param start the first bytes of the file, at most `TELLING_BYTES`, where they are known
 */
export function contentTypeOf(
  name: string,
  staticFileURLPrefix: string,
  ghostType?: string,
  start?: Uint8Array,
): string {
  const type = typeByName(name, staticFileURLPrefix, ghostType);
  if (isForImages(staticFileURLPrefix) && !type.startsWith('image/')) {
    return imageTypeOf(start) ?? withCharset(type, start);
  }
  return withCharset(type, start);
}

function typeByName(name: string, staticFileURLPrefix: string, ghostType = ''): string {
  if (ghostType !== UNKNOWN_TYPE && ONE_TYPE.test(ghostType) && isInert(ghostType)) {
    return COMMON_NAMES[essenceOf(ghostType)] ?? ghostType;
  }
  const isFile = isFor('files', staticFileURLPrefix);
  if (ghostType === UNKNOWN_TYPE && isFile) {
    return ghostType;
  }
  const extension = path.posix.extname(name).toLowerCase();
  if (isFile && READABLE_AS_TEXT.has(extension)) {
    return 'text/plain';
  }
  if (JPEG.test(extension)) {
    return 'image/jpeg';
  }
  const { lookup } = require('./lazy/mime-types') as typeof import('./lazy/mime-types');
  const type = lookup(extension) || '';
  const isSvg = isForImages(staticFileURLPrefix) && /^\.svgz?$/.test(extension);
  if (isSvg || isInert(type)) {
    return type;
  }
  // Other kinds of text, such as YAML, stay readable.
  return isFile && [ghostType, type].some(isOtherText) ? 'text/plain' : UNKNOWN_TYPE;
}

/**
 * Returns the content type for bytes that Ghost produced itself. It follows from the path: when Ghost converts an image,
 * it keeps the extension, so `size/w1000/format/webp/2026/11/x.jpg` is a WebP file.
 */
export function contentTypeOfRaw(relativePath: string, staticFileURLPrefix: string, start?: Uint8Array): string {
  const format = /(?:^|\/)format\/([^/]+)\//.exec(relativePath)?.[1];
  return contentTypeOf(format ? `x.${format}` : relativePath, staticFileURLPrefix, undefined, start);
}

/**
 * Returns the Content-Encoding of a file: `gzip` for an SVG that is stored compressed (`.svgz`), which browsers show only
 * with this header.
 *
 * @param start the first bytes of the file, where they are known
 */
export function contentEncodingOf(name: string, type: string, start?: Uint8Array): string | undefined {
  const isCompressed = start?.[0] === 0x1f && start[1] === 0x8b;
  return type === 'image/svg+xml' && isCompressed && /\.svgz?$/i.test(name) ? 'gzip' : undefined;
}

/**
 * Adds the character set to the type of a text. Because of nosniff, browsers do not detect it, and would show UTF-8 as
 * Windows-1252. A text that is not UTF-8 gets none: it has a mark that browsers read (UTF-16) or uses an older set.
 */
function withCharset(type: string, start: Uint8Array | undefined): string {
  const isText = type.toLowerCase().startsWith('text/') && !/;\s*charset=/i.test(type);
  return isText && (!start || isUtf8(start)) ? `${type}; charset=utf-8` : type;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    // The start of a longer file may end within a character.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: bytes.byteLength >= TELLING_BYTES });
    return true;
  } catch {
    return false;
  }
}

const essenceOf = (type: string) => type.replace(/;.*/s, '').trim().toLowerCase();

function isInert(type: string): boolean {
  const essence = essenceOf(type);
  return INERT_TYPE.test(essence) && !ACTIVE_TYPE.test(essence);
}

const isOtherText = (type: string) => /^text\//i.test(type) && !ACTIVE_TYPE.test(type);

const isForImages = (prefix: string) => !isFor('files', prefix) && !isFor('media', prefix);
