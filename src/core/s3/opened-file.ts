import { open, type FileHandle } from 'node:fs/promises';
import { UPLOAD_UNREADABLE } from '../error-codes';
import { errors } from '../ghost-host';

/** The file that Ghost passes to `save`. Its `size` is that of the original upload, not of the file at `path`. */
export interface UploadedFile {
  name: string;
  path: string;
  type?: string;
}

/** An open file that can be read at any position. It stays readable when its path is deleted. */
export class OpenedFile {
  private constructor(
    private readonly file: UploadedFile,
    private readonly handle: FileHandle,
    /** In bytes. */
    readonly size: number,
  ) {}

  static open(file: UploadedFile): Promise<OpenedFile> {
    return reading(file, async () => {
      const handle = await open(file.path);
      try {
        return new OpenedFile(file, handle, (await handle.stat()).size);
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  /**
   * Fills a buffer with the bytes that start at a position.
   *
   * @throws InternalServerError when the file ends before the buffer is full
   */
  fill(buffer: Buffer, position: number): Promise<void> {
    return reading(this.file, async () => {
      let filled = 0;
      while (filled < buffer.byteLength) {
        const { bytesRead } = await this.handle.read(buffer, filled, buffer.byteLength - filled, position + filled);
        if (bytesRead === 0) {
          throw new Error(`it ends after ${position + filled} bytes`);
        }
        filled += bytesRead;
      }
    });
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

async function reading<T>(file: UploadedFile, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new errors.InternalServerError({
      message: `The uploaded file "${file.name}" could not be read from Ghost's temporary folder (${code ?? message}).`,
      code: UPLOAD_UNREADABLE,
      context: `Temporary file: ${file.path}`,
      help: 'Nothing was stored. Check that the disk of the temporary folder (TMPDIR) has free space, and upload the file again.',
    });
  }
}
