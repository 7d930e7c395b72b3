import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FileState, isSameState, WatchedFile } from '../../shell/watched-file';
import { type FeatureDisk, placeOf } from '../../ghost-site/feature-disk';
import { FileProblem } from './file-problem';

/** How many bytes of a file to read at a time. This limits the memory when many files are compared at once. */
export const READ_BYTES = 128 * 1024;

/** The message for a file that another program is writing to. */
const CHANGED = 'it changed while it was read. The next run will copy it';

/** A file of Ghost's content folder that is open for reading. */
export class LocalFile extends WatchedFile {
  /**
   * Opens a file without following a link. It is a step for `FeatureDisk.run`.
   *
   * @param file path without links
   * @param listed state of the file when it was listed
   * @throws FileProblem when the file was replaced, and disk errors
   */
  static open(disk: FeatureDisk, file: string, listed?: FileState): LocalFile {
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
    const opened = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = fstatSync(opened, { bigint: true });
      if (!stats.isFile()) {
        throw new FileProblem('refused', 'it is no longer a file');
      }
      if (listed && !isSameState(stats, listed)) {
        throw new FileProblem('changed', 'it changed after it was listed. The next run will copy it');
      }
      const place = placeOf(opened, file);
      if (place === undefined || !disk.allows(place)) {
        throw new FileProblem('refused', `a folder in its path was replaced by a link (${place ?? file})`);
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

  /** Reads the file piece by piece. Each piece is valid only until the next one. */
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
