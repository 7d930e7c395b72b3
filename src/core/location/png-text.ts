import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import { type Budget, withoutGps } from './metadata';

const XMP_KEYWORD = 'XML:com.adobe.xmp';
/** Programs for formats without EXIF write metadata as hexadecimal digits below these names. */
const HEX_KEYWORD = /^Raw profile type /i;
/** `exif:GPSLatitude`, as ImageMagick copies properties into texts. */
const GPS_KEYWORD = /(^|:)gps/i;

/** The longest text (bytes) that is decompressed. */
const MAX_TEXT = 1024 * 1024;

/** The longest keyword (bytes). */
const MAX_KEYWORD = 79;

const deflateBytes = promisify(deflate);
const inflateBytes = promisify<Buffer, object, Buffer>(inflate);

/** A chunk without its length and checksum. */
export interface Chunk {
  type: string;
  data: Buffer;
}

/**
 * Returns a text chunk of a PNG without the location, with the same length. A compressed text is compressed again; if
 * it does not fit, an empty text replaces it.
 *
 * @param type `tEXt`, `zTXt` or `iTXt`
 * @param data of the chunk
 * @param budget that pays for decompressed bytes
 * @returns undefined if there is no location in it, or if it cannot be read
 * @see https://www.w3.org/TR/png-3/#11textinfo
 */
export async function textWithoutGps(type: string, data: Buffer, budget: Budget): Promise<Chunk | undefined> {
  const keyword = data.toString('latin1', 0, Math.max(0, data.subarray(0, MAX_KEYWORD + 1).indexOf(0)));
  const isAbout = keyword === XMP_KEYWORD || HEX_KEYWORD.test(keyword) || GPS_KEYWORD.test(keyword);
  const place = isAbout ? placeOfText(type, data, keyword.length + 1) : undefined;
  if (!place) {
    return undefined;
  }
  const { start, isCompressed } = place;
  const stored = data.subarray(start);
  if (!isCompressed) {
    const text = withoutLocation(keyword, stored);
    return text && { type, data: Buffer.concat([data.subarray(0, start), text]) };
  }
  const text = await inflateWithin(stored, budget);
  const changed = text && withoutLocation(keyword, text);
  if (!changed) {
    return undefined;
  }
  const compressed = padded(await deflateBytes(changed, { level: 9 }), stored.length);
  return compressed
    ? { type, data: Buffer.concat([data.subarray(0, start), compressed]) }
    : { type: 'tEXt', data: Buffer.from('Comment\0'.padEnd(data.length), 'latin1') };
}

/** Returns where the text of a chunk begins, behind its keyword; undefined for a chunk that is cut off. */
function placeOfText(type: string, data: Buffer, at: number): { start: number; isCompressed: boolean } | undefined {
  if (type !== 'iTXt') {
    // In front of a compressed text, there is the number of its method.
    return type === 'zTXt' ? { start: at + 1, isCompressed: true } : { start: at, isCompressed: false };
  }
  // Two numbers, a language and the keyword in this language.
  const language = data.indexOf(0, at + 2);
  const translated = language === -1 ? -1 : data.indexOf(0, language + 1);
  return translated === -1 ? undefined : { start: translated + 1, isCompressed: data[at] === 1 };
}

async function inflateWithin(bytes: Buffer, budget: Budget): Promise<Buffer | undefined> {
  const maxOutputLength = Math.min(MAX_TEXT, budget.left);
  if (maxOutputLength === 0) {
    return undefined;
  }
  try {
    const text = await inflateBytes(bytes, { maxOutputLength });
    return budget.take(text.length) ? text : undefined;
  } catch {
    // Damaged, or too long. How many bytes came out before that is unknown. The budget is for several such texts.
    budget.take(maxOutputLength);
    return undefined;
  }
}

function withoutLocation(keyword: string, text: Buffer): Buffer | undefined {
  if (GPS_KEYWORD.test(keyword)) {
    return text.every((byte) => byte === 0x20) ? undefined : Buffer.alloc(text.length, ' ');
  }
  return HEX_KEYWORD.test(keyword) ? hexWithoutGps(text) : withoutGps(text);
}

/** Returns whether a byte is white space, which separates the digits. */
const isSpace = (byte: number | undefined) => byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);

/** @param text a name and a length, each on a line of its own, and lines of hexadecimal digits */
function hexWithoutGps(text: Buffer): Buffer | undefined {
  const all = text.toString('latin1');
  const start = /^\s*\S+\s+\d+\s/.exec(all)?.[0].length ?? all.length;
  const digits = all.slice(start).replace(/[\t-\r ]/g, '');
  const changed = withoutGps(Buffer.from(digits, 'hex'))?.toString('hex') ?? '';
  if (!changed) {
    return undefined;
  }
  const copy = Buffer.from(text);
  const newDigits = Buffer.from(changed, 'latin1');
  let next = 0;
  for (let at = start; at < copy.length && next < newDigits.length; at += 1) {
    if (!isSpace(copy[at])) {
      copy[at] = newDigits[next++] as number;
    }
  }
  return copy;
}

/** Empty blocks of DEFLATE, five and six bytes long: a stored one, and a compressed one with a stored one. */
const STORED_BLOCK = Buffer.from('000000ffff', 'hex');
const COMPRESSED_BLOCK = Buffer.from('02000000ffff', 'hex');

/**
 * Returns a zlib stream that is longer and decompresses to the same bytes, by adding empty blocks.
 *
 * @returns undefined if the stream is too long, or if no number of blocks fills the gap
 * @see https://www.rfc-editor.org/rfc/rfc1951#section-3.2.3
 */
function padded(stream: Buffer, length: number): Buffer | undefined {
  const gap = length - stream.length;
  const compressed = gap % STORED_BLOCK.length;
  const stored = (gap - compressed * COMPRESSED_BLOCK.length) / STORED_BLOCK.length;
  if (gap < 0 || stored < 0) {
    return undefined;
  }
  const blocks = [
    ...Array.from({ length: compressed }, () => COMPRESSED_BLOCK),
    Buffer.alloc(stored * STORED_BLOCK.length, STORED_BLOCK),
  ];
  // The blocks begin behind the two bytes of the header.
  return Buffer.concat([stream.subarray(0, 2), ...blocks, stream.subarray(2)]);
}
