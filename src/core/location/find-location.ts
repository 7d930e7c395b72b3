import { imageTypeOf } from '../image-signatures';
import { locationInJpeg } from './jpeg';
import { locationInPng } from './png';
import type { Edit, Source } from './source';
import { locationInWebp } from './webp';

/** How much (bytes) of a file shows what it is. */
const SIGNATURE_BYTES = 64;

const FORMATS: Record<string, (source: Source) => Promise<Edit[]>> = {
  'image/jpeg': locationInJpeg,
  'image/png': locationInPng,
  'image/webp': locationInWebp,
};

/**
 * Finds the location where a photo was taken: GPS data in the EXIF and XMP of a JPEG, PNG or WebP.
 *
 * Only the blocks of metadata are read, so the time does not depend on the size of a JPEG. Each edit replaces such a
 * block by one of the same length in which only the GPS data is empty: the length of the file, its pixels, and all other
 * metadata stay the same. Known packages do something else: `exif-be-gone` removes all metadata, with the orientation,
 * `piexifjs` works only on the EXIF of a JPEG, and `sharp` encodes the pixels again.
 *
 * @param source whose first bytes, not its name, tell the format
 * @returns what to write over the file; nothing for other formats, and nothing for a block that cannot be parsed
 * @throws only the errors of `source.read`
 */
export async function findLocation(source: Source): Promise<Edit[]> {
  const type = imageTypeOf(await source.read(0, SIGNATURE_BYTES)) ?? '';
  return (await FORMATS[type]?.(source)) ?? [];
}
