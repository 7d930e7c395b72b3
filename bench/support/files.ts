import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
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
