import { Budget, EXIF_START, withoutGps } from './metadata';
import type { Edit, Source } from './source';
import { Tiff } from './tiff';

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP1 = 0xe1;
const APP2 = 0xe2;

/** Markers without a length: TEM, RST0 to RST7 and SOI. */
const isAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= SOI);

/** How many segments of an image are looked at. XMP of 100 MB takes 1,600. */
const MAX_SEGMENTS = 5000;

/** How much (bytes) of a segment is read to find out what it is: its marker, its length and the longest name. */
const TELLING_BYTES = 4 + 40;

const XMP_START = 'http://ns.adobe.com/xap/1.0/\0';
/** It is followed by the XMP's ID (32 bytes), its length and the position of this piece in it (four bytes each). */
const MORE_XMP_START = 'http://ns.adobe.com/xmp/extension/\0';
const MORE_XMP_HEADER = MORE_XMP_START.length + 32 + 4 + 4;

const INDEX_START = 'MPF\0';
/** The tag whose value lists the images: 16 bytes for each, the position of the image in bytes 8 to 11. */
const INDEX_TAG = 0xb002;
const INDEX_ENTRY_BYTES = 16;
/** How many further images of a file are looked at. */
const MAX_IMAGES = 8;

/** A piece of XMP that is too long for one segment. */
interface XmpPiece {
  id: string;
  /** Where the piece begins in the XMP, and where in the file. */
  offset: number;
  at: number;
  bytes: Buffer;
}

/**
 * Returns what to write over a JPEG so that its metadata contains no location: in EXIF, XMP and XMP that spans several
 * segments, also in those of the further images of the file, such as previews.
 *
 * @throws the errors of `source.read`
 * @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf annex B
 * @see https://github.com/adobe/XMP-Toolkit-SDK/blob/main/docs/XMPSpecificationPart3.pdf section 1.1.3, JPEG
 */
export async function locationInJpeg(source: Source): Promise<Edit[]> {
  const budget = new Budget();
  const edits: Edit[] = [];
  const images = new Set([0]);
  for (const image of images) {
    const pieces: XmpPiece[] = [];
    for await (const { marker, at, length, start } of segments(source, image)) {
      const begins = (name: string) => start.toString('latin1', 0, name.length) === name;
      if (marker === APP1 && (begins(EXIF_START) || begins(XMP_START)) && budget.take(length)) {
        const bytes = withoutGps(await source.read(at, length));
        edits.push(...(bytes ? [{ at, bytes }] : []));
      } else if (marker === APP1 && begins(MORE_XMP_START) && length >= MORE_XMP_HEADER && budget.take(length)) {
        pieces.push(xmpPiece(await source.read(at, length), at));
      } else if (marker === APP2 && begins(INDEX_START) && images.size === 1) {
        const index = await source.read(at, length);
        furtherImages(index.subarray(INDEX_START.length), at + INDEX_START.length).forEach((start) =>
          images.add(start),
        );
      }
    }
    edits.push(...locationInPieces(pieces));
  }
  return edits;
}

/** A segment in front of the pixels, without its marker and length. */
interface Segment {
  marker: number;
  /** Position in the file, in bytes. */
  at: number;
  /** In bytes. */
  length: number;
  /** Its first bytes. */
  start: Buffer;
}

/** Yields the segments of an image up to its pixels. */
async function* segments(source: Source, image: number): AsyncGenerator<Segment> {
  let position = image;
  for (let count = 0; count < MAX_SEGMENTS; count += 1) {
    const head = await source.read(position, TELLING_BYTES);
    const [first, marker = EOI] = head;
    const isFirst = position === image;
    if (first !== 0xff || (isFirst && marker !== SOI) || marker === EOI || marker === SOS) {
      return;
    }
    if (marker === 0xff) {
      // Any number of these bytes may be in front of a marker.
      position += 1;
    } else if (isAlone(marker)) {
      position += 2;
    } else {
      const length = head.length < 4 ? 0 : head.readUInt16BE(2);
      if (length < 2 || position + 2 + length > source.size) {
        return;
      }
      yield { marker, at: position + 4, length: length - 2, start: head.subarray(4, 2 + length) };
      position += 2 + length;
    }
  }
}

function xmpPiece(segment: Buffer, at: number): XmpPiece {
  return {
    id: segment.toString('latin1', MORE_XMP_START.length, MORE_XMP_START.length + 32),
    offset: segment.readUInt32BE(MORE_XMP_HEADER - 4),
    at: at + MORE_XMP_HEADER,
    bytes: segment.subarray(MORE_XMP_HEADER),
  };
}

/** A property may begin in one piece and end in another, so the pieces are joined. The ID, a checksum, stays the same. */
function locationInPieces(pieces: XmpPiece[]): Edit[] {
  const byId = new Map<string, XmpPiece[]>();
  for (const piece of pieces) {
    const others = byId.get(piece.id);
    if (others) {
      others.push(piece);
    } else {
      byId.set(piece.id, [piece]);
    }
  }
  return [...byId.values()].flatMap((ofOne) => {
    ofOne.sort((a, b) => a.offset - b.offset);
    const joined = withoutGps(Buffer.concat(ofOne.map(({ bytes }) => bytes)));
    let end = 0;
    return ofOne.flatMap(({ at, bytes }) => {
      const start = end;
      end += bytes.length;
      return joined ? [{ at, bytes: joined.subarray(start, end) }] : [];
    });
  });
}

/**
 * Returns the positions of the further images that an index lists.
 *
 * @param index from its TIFF header on
 * @param at position of the index in the file, from which the positions in it count
 * @see https://www.cipa.jp/std/documents/e/DC-X007-KEY_E.pdf `Multi-Picture Format`
 */
function furtherImages(index: Buffer, at: number): number[] {
  const tiff = Tiff.of(index);
  const list = tiff?.directory(tiff.first).entries.find(({ tag }) => tag === INDEX_TAG)?.value;
  if (!tiff || !list) {
    return [];
  }
  const count = Math.min(MAX_IMAGES, Math.floor((list.end - list.start) / INDEX_ENTRY_BYTES));
  return Array.from({ length: Math.max(0, count) }, (_, number) =>
    tiff.uint32(list.start + number * INDEX_ENTRY_BYTES + 8),
  )
    .filter((offset) => offset > 0)
    .map((offset) => at + offset);
}
