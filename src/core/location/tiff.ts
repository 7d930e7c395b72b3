/** The size (bytes) of a TIFF header, and of an entry of a directory. */
const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;

/** How many entries of a directory are read. A camera writes about 60. */
const MAX_ENTRIES = 1000;

/** The bytes that a value of each TIFF type takes, by the number of the type. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];

/** A part of some bytes, from `start` to in front of `end`. */
export interface Range {
  start: number;
  end: number;
}

/** An entry of a directory. Its value is in the file, whatever the entry claims. */
export interface Entry {
  tag: number;
  /** Where the value is: in the entry, or anywhere else in the file if it is longer than four bytes. */
  value: Range;
}

/** A directory: tags with their values. TIFF calls it IFD. */
export interface Directory extends Range {
  entries: Entry[];
  /** Position of the next directory; 0 for none. */
  next: number;
}

/**
 * Reads the structure of TIFF, in which EXIF and the index of a JPEG with several images are written. Nothing outside
 * the bytes is read: positions there have the value 0.
 *
 * @see https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf section 2
 */
export class Tiff {
  private constructor(
    private readonly bytes: Buffer,
    private readonly isLittleEndian: boolean,
  ) {}

  /** Returns undefined for bytes that do not begin with a TIFF header. */
  static of(bytes: Buffer): Tiff | undefined {
    const start = bytes.toString('latin1', 0, 4);
    const isTiff = bytes.length >= HEADER_BYTES && (start === 'II*\0' || start === 'MM\0*');
    return isTiff ? new Tiff(bytes, start === 'II*\0') : undefined;
  }

  /** The position of the first directory. */
  get first(): number {
    return this.uint32(4);
  }

  uint32(at: number): number {
    if (at + 4 > this.bytes.length) {
      return 0;
    }
    return this.isLittleEndian ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }

  /** Returns the directory at a position. Of one that is cut off or very long, only some entries are returned. */
  directory(start: number): Directory {
    const claimed = start < HEADER_BYTES ? 0 : this.uint16(start);
    const count = Math.max(
      0,
      Math.min(claimed, MAX_ENTRIES, Math.floor((this.bytes.length - start - 2) / ENTRY_BYTES)),
    );
    const entries = Array.from({ length: count }, (_, index) => this.entry(start + 2 + index * ENTRY_BYTES));
    const end = start + 2 + count * ENTRY_BYTES;
    return { start, end, entries, next: count < claimed ? 0 : this.uint32(end) };
  }

  private entry(at: number): Entry {
    const bytes = (TYPE_BYTES[this.uint16(at + 2)] ?? 0) * this.uint32(at + 4);
    const start = bytes > 4 ? this.uint32(at + 8) : at + 8;
    return { tag: this.uint16(at), value: { start, end: Math.min(start + bytes, this.bytes.length) } };
  }

  private uint16(at: number): number {
    if (at + 2 > this.bytes.length) {
      return 0;
    }
    return this.isLittleEndian ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }
}

/** Returns whether a part is in the header, or shares bytes with one of the others. */
export function overlaps({ start, end }: Range, others: readonly Range[]): boolean {
  return start < HEADER_BYTES || others.some((other) => start < other.end && other.start < end);
}
