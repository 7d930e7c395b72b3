import { closeSync, fsyncSync, openSync } from 'node:fs';

/**
 * Writes the names in a folder to the disk, so that they survive a power failure. Windows, and file systems that cannot
 * do that for a folder, write them later.
 *
 * @see https://man7.org/linux/man-pages/man2/fsync.2.html
 */
export function syncFolder(folder: string): void {
  try {
    const opened = openSync(folder, 'r');
    try {
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
  } catch {
    // The names are there, and nothing else depends on when they are kept.
  }
}
