import { type Directory, overlaps, type Range, Tiff } from './tiff';

/** The tags whose values are positions of further directories. */
const EXIF_DIRECTORY = 0x8769;
const GPS_DIRECTORY = 0x8825;

/** How many directories are read. A camera writes three, with their GPS directories. */
const MAX_DIRECTORIES = 16;

/** The most entries that a GPS directory may have. EXIF defines 32 tags for it: a longer one is something else. */
const MAX_GPS_ENTRIES = 100;

/**
 * Returns the parts of EXIF data that are a location: the entries of the GPS directories and their values. If they are
 * zero, the directories are empty. Nothing else changes, and no position shifts.
 *
 * A part that is also a table of tags is left out.
 *
 * @param bytes EXIF data from the TIFF header on
 * @see https://www.cipa.jp/std/documents/e/DC-X008-Translation-2023-E.pdf section 4.6.6, GPS attribute information
 */
export function gpsInExif(bytes: Buffer): Range[] {
  const tiff = Tiff.of(bytes);
  if (!tiff) {
    return [];
  }
  const directories = readDirectories(tiff);
  const pointers = directories.flatMap(({ entries }) => entries.filter(({ tag }) => tag === GPS_DIRECTORY).slice(0, 1));
  const parts: Range[] = [];
  // A damaged file may have many values that are each as long as the file.
  let room = bytes.length;
  for (const at of new Set(pointers.map(({ value }) => tiff.uint32(value.start)))) {
    const gps = tiff.directory(at);
    const isGps = gps.entries.length > 0 && gps.entries.length <= MAX_GPS_ENTRIES && !overlaps(gps, directories);
    const values = isGps ? gps.entries.map(({ value }) => value).filter((value) => !overlaps(value, directories)) : [];
    for (const part of isGps ? [gps, ...values] : []) {
      room -= Math.max(0, part.end - part.start);
      if (room >= 0) {
        parts.push(part);
      }
    }
  }
  return parts;
}

/** Returns all directories but those for GPS: of the image, of its preview, and those that they refer to. */
function readDirectories(tiff: Tiff): Directory[] {
  const positions = new Set([tiff.first]);
  const directories: Directory[] = [];
  for (const position of positions) {
    if (directories.length < MAX_DIRECTORIES) {
      const directory = tiff.directory(position);
      directories.push(directory);
      const below = directory.entries.filter(({ tag }) => tag === EXIF_DIRECTORY).slice(0, 1);
      [directory.next, ...below.map(({ value }) => tiff.uint32(value.start))]
        .filter((next) => next > 0)
        .forEach((next) => positions.add(next));
    }
  }
  return directories;
}
