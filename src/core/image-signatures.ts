/** A kind of image, and how its files start. */
type Signature = [type: string, matches: (bytes: Buffer) => boolean];

const startsWith = (bytes: Buffer, start: string, at = 0) => bytes.toString('latin1', at, at + start.length) === start;

/**
 * The images that browsers show. SVG is left out on purpose: it can hold scripts, and a name without an extension must
 * never become an SVG because of its bytes.
 *
 * https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern
 */
const SIGNATURES: Signature[] = [
  ['image/jpeg', (bytes) => startsWith(bytes, '\xff\xd8\xff')],
  ['image/png', (bytes) => startsWith(bytes, '\x89PNG\r\n\x1a\n')],
  ['image/gif', (bytes) => startsWith(bytes, 'GIF87a') || startsWith(bytes, 'GIF89a')],
  ['image/webp', (bytes) => startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBPVP', 8)],
  ['image/avif', isAvif],
  // Four bytes are not enough, so the number of images and the reserved byte of the first one are checked too.
  ['image/x-icon', (bytes) => startsWith(bytes, '\0\0\x01\0') && bytes.readUInt16LE(4) > 0 && bytes[9] === 0],
];

/** The length (bytes) of the longest signature. */
const LEAST_BYTES = 12;

/** Returns the content type of an image by its first bytes; undefined for anything else. */
export function imageTypeOf(bytes: Uint8Array | undefined): string | undefined {
  if (!bytes || bytes.byteLength < LEAST_BYTES) {
    return undefined;
  }
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 256));
  return SIGNATURES.find(([, matches]) => matches(start))?.[0];
}

/** Returns whether a file has AVIF as its main format, or among the compatible ones. */
function isAvif(bytes: Buffer): boolean {
  if (!startsWith(bytes, 'ftyp', 4)) {
    return false;
  }
  const end = Math.min(bytes.readUInt32BE(0), bytes.byteLength);
  const brands = bytes.toString('latin1', 8, end).match(/.{4}/gs) ?? [];
  return brands.some((brand) => brand === 'avif' || brand === 'avis');
}
