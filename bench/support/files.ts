import { randomBytes } from 'node:crypto';
import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';

const PIECE_BYTES = 1_000_000;

/** Writes a file of random bytes, like the temporary file of an upload, and returns its path. */
export function writeUpload(folder: string, bytes: number): string {
  const file = path.join(folder, `${bytes}_processed.jpg`);
  const handle = openSync(file, 'w');
  for (let left = bytes; left > 0; left -= PIECE_BYTES) {
    writeSync(handle, randomBytes(Math.min(left, PIECE_BYTES)));
  }
  closeSync(handle);
  return file;
}

/** Creates a file of zeros that takes no room on the disk and is read without it, and returns its path. */
export function sparseUpload(folder: string, bytes: number): string {
  const file = path.join(folder, `${bytes}_sparse.mp4`);
  writeFileSync(file, '');
  truncateSync(file, bytes);
  return file;
}
