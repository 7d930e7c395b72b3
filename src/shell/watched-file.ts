import { type BigIntStats, closeSync, fstatSync, read } from 'node:fs';
import { promisify } from 'node:util';

/** The fields that tell whether a file is the same, and whether it was written to. */
export type FileState = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs'>;

/** Thrown when a file was written to while it was read. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged';
}

const readAt = promisify(read);

/** A file that is open for reading, whatever happens to its path. Reading fails once the file was written to. */
export class WatchedFile {
  /** In bytes. */
  readonly bytes: number;

  /** @param opened descriptor, which `close` closes */
  protected constructor(
    private readonly opened: number,
    private readonly state: FileState,
  ) {
    this.bytes = Number(state.size);
  }

  /** Returns the error of a file that was written to. */
  protected changed(): Error {
    return new FileChanged('it changed while it was being read');
  }

  /** @throws the error of `changed` when the file was written to since it was opened */
  assertUnchanged(): void {
    if (!isSameState(fstatSync(this.opened, { bigint: true }), this.state)) {
      throw this.changed();
    }
  }

  /**
   * Fills a buffer with the bytes that start at a position.
   *
   * @throws the error of `changed` when the file was written to
   */
  async fill(buffer: Uint8Array, position: number): Promise<void> {
    for (let filled = 0; filled < buffer.byteLength;) {
      const { bytesRead } = await readAt(this.opened, buffer, filled, buffer.byteLength - filled, position + filled);
      if (bytesRead === 0) {
        throw this.changed();
      }
      filled += bytesRead;
    }
    this.assertUnchanged();
  }

  close(): void {
    closeSync(this.opened);
  }
}

/** Returns whether two states are those of one file that was not written to. */
export const isSameState = (one: FileState, other: FileState): boolean =>
  one.dev === other.dev && one.ino === other.ino && one.size === other.size && one.mtimeNs === other.mtimeNs;
