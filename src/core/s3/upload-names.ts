import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type FileName, isOriginalStem, MAX_SUFFIX, MAX_UPLOAD_NAME, shortened } from '../file-names';
import { MAX_KEY_BYTES, type ObjectKeys } from '../object-keys';
import type { Bucket } from './bucket';

/** How much (bytes) the name of an image leaves free in its key: `size/w2000h2000/format/webp/`, `_o`, and a suffix. */
const ROOM_IN_KEY = 64;

/** The names that an upload may get in its directory, as keys in the bucket. */
export class UploadNames {
  private readonly name: FileName;
  /** The name to which suffixes are added, cut so that it is no longer than a name without one. */
  private readonly numberedName: FileName;

  constructor(
    private readonly bucket: Bucket,
    private readonly keys: ObjectKeys,
    private readonly directory: string,
    name: FileName,
  ) {
    const room = MAX_KEY_BYTES - Buffer.byteLength(keys.keyOf(directory)) - ROOM_IN_KEY;
    const maxLength = Math.min(MAX_UPLOAD_NAME, room);
    this.name = shortened(name, maxLength);
    // An original has the exact name of its image, in the space that was left free for its suffix.
    this.numberedName = isOriginalStem(name.stem) ? this.name : shortened(name, maxLength - MAX_SUFFIX);
  }

  /** Returns the names for a whole path, `2026/11/photo.jpg`. */
  static ofPath(bucket: Bucket, keys: ObjectKeys, relativePath: string): UploadNames {
    const { dir, name, ext } = path.posix.parse(relativePath);
    return new UploadNames(bucket, keys, dir, { stem: name, extension: ext });
  }

  /** Returns the key without a suffix, `content/images/2026/11/photo.jpg`. */
  plain(): string {
    return this.with('');
  }

  /** Returns the key with a number, `…/photo-4.jpg`, or with a random suffix when the number is unknown. */
  numbered(number: number | undefined): string {
    return number === undefined ? this.random() : this.with(`-${number}`);
  }

  /** Returns the key with a random suffix, `…/photo-9f86d0818842.jpg`, which no other upload gets. */
  random(): string {
    return this.with(`-${randomBytes(6).toString('hex')}`);
  }

  /**
   * Returns the lowest number above all that are taken. It takes one request.
   *
   * @returns undefined when more than the 1,000 keys of one listing begin with the name
   */
  async nextNumber(): Promise<number | undefined> {
    const { stem, extension } = this.numberedName;
    const prefix = this.keys.keyOf(path.posix.join(this.directory, `${stem}-`));
    const { keys, isTruncated } = await this.bucket.list(prefix);
    if (isTruncated) {
      return undefined;
    }
    const numbers = keys
      .filter((key) => key.endsWith(extension))
      .map((key) => key.slice(prefix.length, key.length - extension.length))
      .filter((number) => /^[1-9]\d{0,8}$/.test(number))
      .map(Number);
    return Math.max(0, ...numbers) + 1;
  }

  private with(suffix: string): string {
    const { stem, extension } = suffix === '' ? this.name : this.numberedName;
    return this.keys.keyOf(path.posix.join(this.directory, `${stem}${suffix}${extension}`));
  }
}
