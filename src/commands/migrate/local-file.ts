import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FileState, isSameState, WatchedFile } from '../../shell/watched-file';
import { type FeatureDisk, placeOf } from '../../ghost-site/feature-disk';
import { FileProblem } from './file-problem';

/** How many bytes of a file are read at a time. Many files are compared at once, so it also bounds their memory. */
export const READ_BYTES = 128 * 1024;

const CHANGED = 'it changed while it was read, so it is left for the next run';

/** A file of Ghost's content folder that is open for reading. */
export class LocalFile extends WatchedFile {
  /**
   * Opens a file without following a link. It is a step for `FeatureDisk.run`.
   *
   * @param file without links in its path
   * @param listed what the file was when it was listed
   * @throws FileProblem when something else has taken its place, and the errors of the disk
   */
  static open(disk: FeatureDisk, file: string, listed?: FileState): LocalFile {
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
    const opened = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = fstatSync(opened, { bigint: true });
      if (!stats.isFile()) {
        throw new FileProblem('refused', 'it is not a file any more');
      }
      if (listed && !isSameState(stats, listed)) {
        throw new FileProblem('changed', 'it changed after it was listed, so it is left for the next run');
      }
      const place = placeOf(opened, file);
      if (place === undefined || !disk.allows(place)) {
        throw new FileProblem('refused', `a link took the place of a folder on the way to it (${place ?? file})`);
      }
      return new LocalFile(opened, stats);
    } catch (error) {
      closeSync(opened);
      throw error;
    }
  }

  protected override changed(): Error {
    return new FileProblem('changed', CHANGED);
  }

  /** Reads all bytes, piece by piece; each piece is only valid until the next one. */
  async *pieces(): AsyncGenerator<Buffer> {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, this.bytes));
    for (let position = 0; position < this.bytes; position += READ_BYTES) {
      const piece = buffer.subarray(0, this.bytes - position);
      await this.fill(piece, position);
      yield piece;
      // Hashing blocks the event loop, so let other work run in between.
      await nextTurn();
    }
    this.assertUnchanged();
  }
}
