import { deflateSync } from 'node:zlib';
import { findLocation } from '../../src/core/location/find-location';
import { applyEdits, sourceOfBytes } from '../../src/core/location/source';

// Photos with metadata, built byte by byte. The pixels are not an image: nothing here decodes them.

/** The digits and the text that are nowhere else in a photo but in its location. */
export const SECONDS = 29_712_345;
export const PLACE = 'Rue-de-la-Paix';
export const XMP_PLACE = '48,51.29712345N';

/** What must still be in a photo without a location. */
export const COPYRIGHT = 'Copyright Ada Lovelace';
export const MAKER_NOTE = 'Maker note of the camera';
export const XMP_CREATOR = 'Ada L. (photographer)';

export type ByteOrder = 'II' | 'MM';

/** The types of values in TIFF: text, bytes, numbers of 16 and 32 bits, fractions, and another directory. */
type Value = string | Buffer | { short: number } | { fractions: number[] } | { directory: Field[] };
export type Field = [tag: number, value: Value];

const TAGS = { orientation: 0x112, copyright: 0x8298, exif: 0x8769, gps: 0x8825, makerNote: 0x927c };

export const GPS_FIELDS: Field[] = [
  [0, Buffer.from([2, 3, 0, 0])],
  [1, 'N'],
  [2, { fractions: [48, 1, 51, 1, SECONDS, 1_000_000] }],
  [3, 'E'],
  [4, { fractions: [2, 1, 21, 1, SECONDS, 1_000_000] }],
  [0x1b, `ASCII ${PLACE}`],
];

/** Returns TIFF data with one or more directories. */
export function tiff(order: ByteOrder, directories: Field[][]): Buffer {
  const bytes = (number: number, length: number) => {
    const buffer = Buffer.alloc(length);
    if (order === 'II') buffer.writeUIntLE(number, 0, length);
    else buffer.writeUIntBE(number, 0, length);
    return buffer;
  };
  const encode = (value: Exclude<Value, { directory: Field[] }>): [type: number, count: number, data: Buffer] => {
    if (typeof value === 'string') return [2, value.length + 1, Buffer.from(`${value}\0`)];
    if (Buffer.isBuffer(value)) return [7, value.length, value];
    if ('short' in value) return [3, 1, bytes(value.short, 2)];
    return [5, value.fractions.length / 2, Buffer.concat(value.fractions.map((number) => bytes(number, 4)))];
  };
  /** Returns the directory with all that belongs to it. */
  const build = (fields: Field[], at: number, next: (end: number) => number): Buffer => {
    let end = at + 2 + fields.length * 12 + 4;
    const values: Buffer[] = [];
    const add = (data: Buffer) => {
      const start = end;
      values.push(data);
      end += data.length;
      return start;
    };
    const entries = fields.map(([tag, value]) => {
      if (typeof value === 'object' && 'directory' in value) {
        const start = add(build(value.directory, end, () => 0));
        return Buffer.concat([bytes(tag, 2), bytes(4, 2), bytes(1, 4), bytes(start, 4)]);
      }
      const [type, count, data] = encode(value);
      const field = data.length > 4 ? bytes(add(data), 4) : Buffer.concat([data, Buffer.alloc(4 - data.length)]);
      return Buffer.concat([bytes(tag, 2), bytes(type, 2), bytes(count, 4), field]);
    });
    return Buffer.concat([bytes(fields.length, 2), ...entries, bytes(next(end), 4), ...values]);
  };
  let at = 8;
  const built = directories.map((fields, index) => {
    const isLast = index === directories.length - 1;
    const whole = build(fields, at, (end) => (isLast ? 0 : end));
    at += whole.length;
    return whole;
  });
  return Buffer.concat([Buffer.from(order), bytes(42, 2), bytes(8, 4), ...built]);
}

/** Returns EXIF data with orientation 6, a copyright, a maker note and the given GPS fields. */
export function exif(order: ByteOrder = 'II', gps: Field[] = GPS_FIELDS, preview: Field[] = []): Buffer {
  const camera: Field = [TAGS.exif, { directory: [[TAGS.makerNote, Buffer.from(MAKER_NOTE)]] }];
  const image: Field[] = [[TAGS.orientation, { short: 6 }], [TAGS.copyright, COPYRIGHT], camera, gpsField(gps)];
  return tiff(order, preview.length > 0 ? [image, preview] : [image]);
}

export const gpsField = (fields: Field[] = GPS_FIELDS): Field => [TAGS.gps, { directory: fields }];

/** Returns XMP data with a creator and the given attributes and elements. */
export function xmp(attributes = ` exif:GPSLatitude="${XMP_PLACE}"`, elements = ''): string {
  return (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><!-- a > b --><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""' +
    ' xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:gps="urn:gps" xmlns:dc="http://purl.org/dc/elements/1.1/"' +
    `${attributes} exif:Flash="0">${elements}<dc:creator>${XMP_CREATOR}</dc:creator>` +
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
  );
}

const PIXELS = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 89) % 251));

/** Returns a segment of a JPEG. */
export function segment(marker: number, data: Buffer | string): Buffer {
  const body = Buffer.from(data as string);
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

export const exifSegment = (data: Buffer) => segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), data]));
export const xmpSegment = (data: string) => segment(0xe1, `http://ns.adobe.com/xap/1.0/\0${data}`);

/** Returns a JPEG with the given segments in front of its pixels. */
export function jpeg(segments: Buffer[], pixels: Buffer = PIXELS): Buffer {
  const frame = [segment(0xe0, 'JFIF\0\x01\x02\0\0\x01\0\x01\0\0'), ...segments, segment(0xdb, Buffer.alloc(65, 16))];
  const scan = segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0]));
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...frame, scan, pixels, Buffer.from([0xff, 0xd9])]);
}

/** Returns the segments of XMP that is too long for one of them. All of them have the same ID, if they belong together. */
export function moreXmpSegments(data: string, pieceBytes: number, idOf = (_: number) => 'A'.repeat(32)): Buffer[] {
  const whole = Buffer.from(data);
  return Array.from({ length: Math.ceil(whole.length / pieceBytes) }, (_, index) => {
    const numbers = Buffer.alloc(8);
    numbers.writeUInt32BE(whole.length, 0);
    numbers.writeUInt32BE(index * pieceBytes, 4);
    const piece = whole.subarray(index * pieceBytes, (index + 1) * pieceBytes);
    const name = `http://ns.adobe.com/xmp/extension/\0${idOf(index)}`;
    return segment(0xe1, Buffer.concat([Buffer.from(name), numbers, piece]));
  });
}

/** Returns a JPEG with a second image behind it, as cameras store a large preview. Its index lists it once, or more often. */
export function jpegWithPreview(preview: Buffer, times = 1): Buffer {
  const withIndex = (position: number) => {
    const list = Buffer.alloc(16 * (1 + times));
    for (let entry = 1; entry <= times; entry += 1) list.writeUInt32LE(position, entry * 16 + 8);
    return jpeg([segment(0xe2, Buffer.concat([Buffer.from('MPF\0'), tiff('II', [[[0xb002, list]]])]))]);
  };
  const first = withIndex(0);
  // Positions count from the header of the index, behind its name.
  return Buffer.concat([withIndex(first.length - (first.indexOf('MPF\0') + 4)), preview]);
}

export interface PngChunk {
  type: string;
  data: Buffer;
}

/** Returns a PNG with the given chunks behind its pixels. */
export function png(chunks: PngChunk[], pixels: Buffer = PIXELS): Buffer {
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
  const all = [{ type: 'IHDR', data: header }, { type: 'IDAT', data: pixels }, ...chunks];
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([signature, ...[...all, { type: 'IEND', data: Buffer.alloc(0) }].map(pngChunk)]);
}

export function pngChunk({ type, data }: PngChunk): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** Returns a text chunk; a compressed one for `zTXt` and `iTXt` with `isCompressed`. */
export function textChunk(
  type: 'tEXt' | 'zTXt' | 'iTXt',
  keyword: string,
  text: string,
  isCompressed = false,
): PngChunk {
  const isDeflated = type === 'zTXt' || isCompressed;
  const between = type === 'iTXt' ? Buffer.from([isCompressed ? 1 : 0, 0, 0, 0]) : Buffer.alloc(isDeflated ? 1 : 0);
  const body = isDeflated ? deflateSync(text) : Buffer.from(text);
  return { type, data: Buffer.concat([Buffer.from(`${keyword}\0`), between, body]) };
}

/** Returns metadata as ImageMagick writes it into PNG texts. */
export function hexProfile(name: string, data: Buffer): string {
  const lines = data.toString('hex').match(/.{1,72}/g) ?? [];
  return `\n${name}\n${String(data.length).padStart(8)}\n${lines.join('\n')}\n`;
}

/** Returns a WebP with the given chunks behind its pixels. */
export function webp(chunks: PngChunk[], pixels: Buffer = PIXELS): Buffer {
  const encoded = [{ type: 'VP8X', data: Buffer.alloc(10) }, { type: 'VP8 ', data: pixels }, ...chunks].map(
    ({ type, data }) => {
      const head = Buffer.from(`${type}\0\0\0\0`, 'latin1');
      head.writeUInt32LE(data.length, 4);
      return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
    },
  );
  const body = Buffer.concat([Buffer.from('WEBP'), ...encoded]);
  const head = Buffer.from('RIFF\0\0\0\0');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

/** Returns a copy of a photo as visitors get it. */
export async function withoutLocation(image: Buffer): Promise<Buffer> {
  const copy = Buffer.from(image);
  applyEdits(copy, 0, await findLocation(sourceOfBytes(image)));
  return copy;
}

/** Returns whether any of the places that these functions write is in some bytes, uncompressed. */
export function hasPlace(bytes: Uint8Array): boolean {
  const whole = Buffer.from(bytes);
  const numbers = [Buffer.alloc(4), Buffer.alloc(4)] as const;
  numbers[0].writeUInt32LE(SECONDS);
  numbers[1].writeUInt32BE(SECONDS);
  return [...numbers, PLACE, XMP_PLACE].some((mark) => whole.includes(mark));
}

/** As PNG has it. */
export function crc32(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
