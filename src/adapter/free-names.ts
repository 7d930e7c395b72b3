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

/** Of so many names it is remembered which number was given last. */
const MAX_REMEMBERED = 1000;

/**
 * The numbers that this process has given to uploads of one name. Whatever is pasted into the editor is called
 * `image.png`: the next one need not find out again that the name is taken, and up to which number. S3 still has the
 * last word, as other processes give numbers as well.
 */
export class GivenNumbers {
  /** Undefined where names have random suffixes, as more are taken than can be counted. */
  private readonly last = new Map<string, number | undefined>();

  /** @param name that is taken, with all that tells it from others */
  has(name: string): boolean {
    return this.last.has(name);
  }

  /** @returns the number after the last one, which nobody else in this process gets */
  next(name: string): number | undefined {
    const last = this.last.get(name);
    const next = last === undefined ? undefined : last + 1;
    this.gave(name, next);
    return next;
  }

  gave(name: string, number: number | undefined): void {
    const last = this.last.get(name) ?? 0;
    // Given again, it is the youngest.
    this.last.delete(name);
    this.last.set(name, number === undefined ? undefined : Math.max(last, number));
    if (this.last.size > MAX_REMEMBERED) {
      const [oldest = ''] = this.last.keys();
      this.last.delete(oldest);
    }
  }

  /** Something was deleted: a name may be free again, and Ghost wants it back for a thumbnail that it replaces. */
  forget(): void {
    this.last.clear();
  }
}
