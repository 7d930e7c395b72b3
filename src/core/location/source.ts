/** How much (bytes) of a file is read at once while its structure is followed. */
const WINDOW_BYTES = 64 * 1024;

/** Bytes that take the place of as many bytes of a file. */
export interface Edit {
  /** Position in the file, in bytes. */
  at: number;
  bytes: Buffer;
}

/** A file that can be read at any position, such as `OpenedFile`. */
export interface FileToRead {
  /** In bytes. */
  size: number;
  /** Fills a buffer with the bytes that start at a position. */
  fill(buffer: Buffer, position: number): Promise<void>;
}

/** The bytes of an image, in memory or in a file. */
export interface Source {
  /** In bytes. */
  size: number;
  /** Returns the bytes from a position on, which must not be changed. There are fewer of them at the end of the file. */
  read(at: number, length: number): Promise<Buffer>;
}

/** Returns bytes in memory as a source, without a copy. */
export function sourceOfBytes(bytes: Uint8Array): Source {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { size: whole.length, read: (at, length) => Promise.resolve(whole.subarray(at, at + length)) };
}

/**
 * Returns a file as a source.
 *
 * @param windowBytes how much (bytes) of the file is read at once
 * @throws in `read`, the errors of `fill`
 */
export function sourceOfFile(file: FileToRead, windowBytes = WINDOW_BYTES): Source {
  const { size } = file;
  let window = Buffer.alloc(0);
  let windowAt = 0;
  return {
    size,
    read: async (at, length) => {
      const end = Math.min(at + length, size);
      if (at < end && (at < windowAt || end > windowAt + window.length)) {
        const bytes = Buffer.allocUnsafe(Math.min(Math.max(windowBytes, end - at), size - at));
        await file.fill(bytes, at);
        window = bytes;
        windowAt = at;
      }
      return at < end ? window.subarray(at - windowAt, end - windowAt) : Buffer.alloc(0);
    },
  };
}

/**
 * Changes those bytes of a piece of a file that the edits are for.
 *
 * @param piece the bytes of the file from `position` on
 */
export function applyEdits(piece: Uint8Array, position: number, edits: readonly Edit[]): void {
  for (const { at, bytes } of edits) {
    const start = Math.max(at, position);
    const end = Math.min(at + bytes.length, position + piece.byteLength);
    if (start < end) {
      piece.set(bytes.subarray(start - at, end - at), start - position);
    }
  }
}
