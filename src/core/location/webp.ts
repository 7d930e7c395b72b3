import { Budget, withoutGps } from './metadata';
import type { Edit, Source } from './source';

/** The size (bytes) of the file's header, and of a chunk's. */
const FILE_HEADER = 12;
const CHUNK_HEADER = 8;

/** How many chunks of a file are looked at. An animation has one for each of its frames. */
const MAX_CHUNKS = 20_000;

/**
 * Returns what to write over a WebP so that its EXIF and XMP contain no location.
 *
 * @throws the errors of `source.read`
 * @see https://www.rfc-editor.org/rfc/rfc9649#section-2.7
 */
export async function locationInWebp(source: Source): Promise<Edit[]> {
  const budget = new Budget();
  const edits: Edit[] = [];
  let position = FILE_HEADER;
  for (let count = 0; count < MAX_CHUNKS && position + CHUNK_HEADER <= source.size; count += 1) {
    const header = await source.read(position, CHUNK_HEADER);
    const type = header.toString('latin1', 0, 4);
    const length = header.readUInt32LE(4);
    const at = position + CHUNK_HEADER;
    if ((type === 'EXIF' || type === 'XMP ') && at + length <= source.size && budget.take(length)) {
      const bytes = withoutGps(await source.read(at, length));
      edits.push(...(bytes ? [{ at, bytes }] : []));
    }
    // Chunks begin at even positions.
    position = at + length + (length % 2);
  }
  return edits;
}
