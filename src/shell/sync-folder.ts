import { closeSync, fsyncSync, openSync } from 'node:fs';

/**
 * Has the disk keep which names a folder has, so that they are there after a power failure. File systems that cannot do
 * that for a folder, and Windows, keep them in their own time.
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
