import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type FileName, isOriginalStem, MAX_SUFFIX, MAX_UPLOAD_NAME, shortened } from '../core/file-names';
import { MAX_KEY_BYTES, type ObjectKeys } from '../core/object-keys';
import type { Bucket } from '../core/s3/bucket';

/** How many names the process remembers the last number of. */
const MAX_REMEMBERED = 1000;

/** What the name of an image leaves free in its key, in bytes: `size/w2000h2000/format/webp/`, `_o`, and a suffix. */
const ROOM_IN_KEY = 64;

/** The names that an upload may get in its directory, as keys in the bucket. */
export class UploadNames {
  private readonly name: FileName;
  /** The name to which suffixes are added, cut so far that it stays as short as a name without one. */
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
    // An original has the exact name of its image, and what was left free for its suffix.
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

/**
 * The last number that this process gave to each taken name. Everything that is pasted into the editor is called
 * `image.png`: from the second one on, no request is needed to find out that the name is taken and how many numbers are.
 * S3 still decides, because other processes give numbers as well.
 */
export class LastNumbers {
  /** By name. Undefined where names get random suffixes, because more are taken than one listing shows. */
  private readonly last = new Map<string, number | undefined>();

  /** @param name a plain name that is taken, unique across directories and buckets */
  has(name: string): boolean {
    return this.last.has(name);
  }

  /** Takes the number after the last one, so that no other upload of this process gets it. */
  next(name: string): number | undefined {
    const last = this.last.get(name);
    const next = last === undefined ? undefined : last + 1;
    this.remember(name, next);
    return next;
  }

  remember(name: string, number: number | undefined): void {
    const last = this.last.get(name) ?? 0;
    // Moves the name to the end, so that the one that was used least recently comes first.
    this.last.delete(name);
    this.last.set(name, number === undefined ? undefined : Math.max(last, number));
    if (this.last.size > MAX_REMEMBERED) {
      const [oldest = ''] = this.last.keys();
      this.last.delete(oldest);
    }
  }

  /** To be called after a delete: a name may be free again, and Ghost expects the same one for a new thumbnail. */
  forget(): void {
    this.last.clear();
  }
}
