import { Budget, withoutGps } from './metadata';
import { type Chunk, textWithoutGps } from './png-text';
import type { Edit, Source } from './source';

const SIGNATURE_BYTES = 8;
/** A chunk is its length, its type, its data and a checksum of type and data. */
const HEADER_BYTES = 8;
const CHECKSUM_BYTES = 4;

const TEXT_TYPES = new Set(['tEXt', 'zTXt', 'iTXt']);

/** How many chunks of a file are looked at. A PNG of 100 MB usually has 12,800. */
const MAX_CHUNKS = 20_000;

/**
 * Returns what to write over a PNG so that its EXIF, its XMP and its texts contain no location. Checksums are updated.
 *
 * @throws the errors of `source.read`
 * @see https://www.w3.org/TR/png-3/#5DataRep
 */
export async function locationInPng(source: Source): Promise<Edit[]> {
  const budget = new Budget();
  const edits: Edit[] = [];
  let position = SIGNATURE_BYTES;
  for (let count = 0; count < MAX_CHUNKS && position + HEADER_BYTES <= source.size; count += 1) {
    const header = await source.read(position, HEADER_BYTES);
    const length = header.readUInt32BE(0);
    const type = header.toString('latin1', 4);
    const end = position + HEADER_BYTES + length + CHECKSUM_BYTES;
    const isText = TEXT_TYPES.has(type);
    if ((isText || type === 'eXIf') && end <= source.size && budget.take(length)) {
      const data = await source.read(position + HEADER_BYTES, length);
      const changed = isText ? await textWithoutGps(type, data, budget) : exifWithoutGps(data);
      edits.push(...(changed ? [{ at: position + 4, bytes: withChecksum(changed) }] : []));
    }
    position = end;
  }
  return edits;
}

function exifWithoutGps(data: Buffer): Chunk | undefined {
  const changed = withoutGps(data);
  return changed && { type: 'eXIf', data: changed };
}

function withChecksum({ type, data }: Chunk): Buffer {
  const checked = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32BE(crc32(checked));
  return Buffer.concat([checked, checksum]);
}

/** The remainders of all bytes, as in the specification's sample code: https://www.w3.org/TR/png-3/#D-CRCAppendix */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  }
  return remainder;
});

/** Returns the checksum of a chunk. Node has a function for it from version 22 on. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = (REMAINDERS[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
