import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { FileName } from '../core/file-names';
import type { ObjectKeys } from '../core/object-keys';
import type { Bucket } from '../core/s3/bucket';

/** The names that an upload may get in its directory, each a path below the prefix. */
export class UniqueNames {
  constructor(
    private readonly bucket: Bucket,
    private readonly keys: ObjectKeys,
    private readonly directory: string,
    private readonly name: FileName,
  ) {}

  /** The names for a path that is already one, `2026/11/photo.jpg`. */
  static ofPath(bucket: Bucket, keys: ObjectKeys, relativePath: string): UniqueNames {
    const { dir, name, ext } = path.posix.parse(relativePath);
    return new UniqueNames(bucket, keys, dir, { stem: name, extension: ext });
  }

  /** `2026/11/photo.jpg` */
  plain(): string {
    return this.with('');
  }

  /**
   * The next number that nothing has. One listing finds it, however many are taken; what one listing cannot tell (more
   * than 1,000 of the name) is undefined.
   */
  async nextNumber(): Promise<number | undefined> {
    const { keys, isTruncated } = await this.bucket.list(this.keys.keyOf(this.with('-', '')));
    if (isTruncated) {
      return undefined;
    }
    const before = this.keys.keyOf(this.with('-', '')).length;
    const numbers = keys
      .filter((key) => key.endsWith(this.name.extension))
      .map((key) => key.slice(before, key.length - this.name.extension.length))
      .filter((number) => /^[1-9]\d{0,8}$/.test(number))
      .map(Number);
    return Math.max(0, ...numbers) + 1;
  }

  /** `2026/11/photo-4.jpg`; with a random suffix where there is no number */
  numbered(number: number | undefined): string {
    return number === undefined ? this.random() : this.with(`-${number}`);
  }

  /** `2026/11/photo-9f86d081.jpg`: for when others upload the same name at this very moment. */
  random(): string {
    return this.with(`-${randomBytes(6).toString('hex')}`);
  }

  private with(suffix: string, extension = this.name.extension): string {
    return path.posix.join(this.directory, `${this.name.stem}${suffix}${extension}`);
  }
}
