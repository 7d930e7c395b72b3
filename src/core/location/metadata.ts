import { gpsInExif } from './exif';
import { Tiff } from './tiff';
import { gpsInXmp } from './xmp';

/** What some formats write in front of EXIF data, although only JPEG needs it. */
export const EXIF_START = 'Exif\0\0';

/** How much metadata (bytes) of one file is looked through. Cameras and editors write a few hundred kilobytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Limits how much metadata of a file is looked through, whatever the file claims. The rest is left as it is. */
export class Budget {
  private bytes = MAX_BYTES;

  /** How many more bytes may be looked through. */
  get left(): number {
    return this.bytes;
  }

  /** Returns whether a block of this many bytes may be looked through. */
  take(bytes: number): boolean {
    if (bytes > this.bytes) {
      return false;
    }
    this.bytes -= bytes;
    return true;
  }
}

/**
 * Returns a copy of a block of metadata without the location. It has the same length.
 *
 * @param block EXIF or XMP data
 * @returns undefined if there is no location in it, or if it is something else
 */
export function withoutGps(block: Buffer): Buffer | undefined {
  const start = block.toString('latin1', 0, EXIF_START.length) === EXIF_START ? EXIF_START.length : 0;
  const isExif = start > 0 || Tiff.of(block) !== undefined;
  const parts = isExif ? gpsInExif(block.subarray(start)) : gpsInXmp(block);
  if (parts.length === 0) {
    return undefined;
  }
  const copy = Buffer.from(block);
  parts.forEach((part) => copy.fill(isExif ? 0 : ' ', start + part.start, start + part.end));
  return copy;
}
