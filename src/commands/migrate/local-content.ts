import { createHash } from 'node:crypto';
import { findLocation } from '../../core/location/find-location';
import { applyEdits, type Edit, type Source, sourceOfBytes, sourceOfFile } from '../../core/location/source';
import type { LocalFile } from './local-file';

/** A file on the disk, with its content if that is in memory. */
export interface LocalContent {
  file: LocalFile;
  bytes: number;
  content?: Buffer;
  /** What to change in the bytes of the file as they are read. `content` already contains these changes. */
  edits?: readonly Edit[];
}

/**
 * Reads a file into memory if it is smaller than a limit, so that it is read only once.
 *
 * @param allocate returns the memory for it
 * @throws FileProblem when the file changes in the meantime
 */
export async function readIfSmall(
  file: LocalFile,
  maxBytes: number,
  allocate: (bytes: number) => Buffer | Promise<Buffer> = (size) => Buffer.allocUnsafe(size),
): Promise<LocalContent> {
  const { bytes } = file;
  if (bytes >= maxBytes) {
    return { file, bytes };
  }
  const content = await allocate(bytes);
  await file.fill(content, 0);
  return { file, bytes, content };
}

/**
 * Returns an image without the location where it was taken. The file on the disk stays the same.
 *
 * @returns undefined when there is no location in the file
 * @throws FileProblem when the file changes in the meantime
 */
export async function withoutLocation(local: LocalContent): Promise<LocalContent | undefined> {
  const { content } = local;
  const edits = await findLocation(sourceOf(local));
  if (edits.length === 0) {
    return undefined;
  }
  const copy = content && Buffer.from(content);
  if (copy) {
    applyEdits(copy, 0, edits);
  }
  return { ...local, content: copy, edits };
}

const sourceOf = ({ file, bytes, content }: LocalContent): Source =>
  content
    ? sourceOfBytes(content)
    : sourceOfFile({ size: bytes, fill: (buffer, position) => file.fill(buffer, position) });

/** Returns the MD5 or SHA-256 of a file in hexadecimal digits. */
export async function digestOfFile(local: LocalContent, algorithm: 'md5' | 'sha256'): Promise<string> {
  const hash = createHash(algorithm);
  await forEachPiece(local, (piece) => void hash.update(piece));
  return hash.digest('hex');
}

/**
 * Reads a file piece by piece.
 *
 * @throws FileProblem when the file changes in the meantime
 */
export async function forEachPiece(
  { file, content, edits = [] }: LocalContent,
  take: (piece: Buffer) => void,
): Promise<void> {
  if (content) {
    take(content);
    return;
  }
  let position = 0;
  for await (const piece of file.pieces()) {
    applyEdits(piece, position, edits);
    take(piece);
    position += piece.length;
  }
}
