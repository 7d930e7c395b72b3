import type { Config } from '../config';
import { isFor, isOriginal } from '../features';
import { findLocation } from './find-location';
import { applyEdits, type FileToRead, sourceOfBytes, sourceOfFile } from './source';

/**
 * Returns whether a file is stored without the location where a photo was taken. The exceptions are downloads, and the
 * originals next to Ghost's images, from which Ghost creates sizes.
 *
 * @param relativePath path below the prefix under which the file is stored, `2026/11/photo.jpg`
 */
export function hidesLocation(
  { keepLocation, staticFileURLPrefix }: Pick<Config, 'keepLocation' | 'staticFileURLPrefix'>,
  relativePath: string,
): boolean {
  if (keepLocation || isFor('files', staticFileURLPrefix)) {
    return false;
  }
  return isFor('media', staticFileURLPrefix) || !isOriginal(relativePath);
}

/** Returns a function that removes the location from an image in memory: the bytes themselves change. */
export async function locationRemover(image: Uint8Array): Promise<() => void> {
  const edits = await findLocation(sourceOfBytes(image));
  return () => applyEdits(image, 0, edits);
}

/** Returns the bytes themselves or, if there is a location in them, a copy without it: the caller may need them again. */
export async function bytesWithoutLocation(bytes: Uint8Array): Promise<Uint8Array> {
  const edits = await findLocation(sourceOfBytes(bytes));
  if (edits.length === 0) {
    return bytes;
  }
  const copy = Buffer.from(bytes);
  applyEdits(copy, 0, edits);
  return copy;
}

/** Returns a file whose bytes have no location as they are read. The file on the disk stays the same. */
export async function fileWithoutLocation(file: FileToRead): Promise<FileToRead> {
  const edits = await findLocation(sourceOfFile(file));
  return {
    size: file.size,
    fill: async (buffer, position) => {
      await file.fill(buffer, position);
      applyEdits(buffer, position, edits);
    },
  };
}
