import type { DiskFile } from './disk-files';
import { Tally } from './tally';

/** The result of comparing files on the disk with objects in the bucket. */
export class Outcome {
  /** How many files are on the disk. */
  onDisk = 0;
  /** How many objects were listed. */
  inBucket = 0;
  /** How many files were looked up one by one. */
  lookedUp = 0;
  /** About how many of those S3 says nothing. */
  unanswered = 0;
  readonly missing = new Tally();
  /** Files with a different size in the bucket. */
  readonly different = new Tally();
  /** Files that cannot be read or stored. */
  readonly unusable = new Tally();

  /** Records what was found under the key of a file, undefined for nothing. */
  compare({ name, bytes }: DiskFile, object: { bytes: number } | undefined): void {
    if (object === undefined) {
      this.missing.add(name);
    } else if (object.bytes !== bytes) {
      this.different.add(name);
    }
  }

  addAll(other: Outcome): void {
    this.onDisk += other.onDisk;
    this.inBucket += other.inBucket;
    this.lookedUp += other.lookedUp;
    this.unanswered += other.unanswered;
    this.missing.addAll(other.missing);
    this.different.addAll(other.different);
    this.unusable.addAll(other.unusable);
  }
}
