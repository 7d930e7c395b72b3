import { compareKeys } from '../../../core/key-order';
import type { ListedObject, Listing } from '../../../ghost-site/bucket-listing';
import type { DiskFile } from './disk-files';
import type { Outcome } from './outcome';

/** The objects that this command stores and deletes again. */
const PROBE = /\/doctor-[0-9a-f]{32}-/;

/** The files on the disk, one after the other. */
class FileCursor {
  private current?: DiskFile;
  private isRead = false;

  constructor(
    private readonly files: AsyncIterator<DiskFile, void>,
    private readonly outcome: Outcome,
  ) {}

  /** Returns the same file until `pass` is called; undefined at the end. */
  async peek(): Promise<DiskFile | undefined> {
    if (!this.isRead) {
      const next = await this.files.next();
      this.current = next.done ? undefined : next.value;
      this.isRead = true;
      this.outcome.onDisk += this.current ? 1 : 0;
    }
    return this.current;
  }

  pass(): void {
    this.isRead = false;
  }
}

/**
 * Compares files with a listing, both in the order of their keys, with only one of each in memory.
 *
 * @param offer is called with each object
 * @returns whether the listing was in that order; otherwise a file that was not found may still exist
 */
export async function compareInStep(
  files: AsyncIterator<DiskFile, void>,
  listing: Listing,
  { outcome, offer }: { outcome: Outcome; offer: (object: ListedObject) => void },
): Promise<boolean> {
  const cursor = new FileCursor(files, outcome);
  for await (const object of listing) {
    if (PROBE.test(object.key)) {
      continue;
    }
    outcome.inBucket += 1;
    offer(object);
    let file = await cursor.peek();
    while (file && compareKeys(file.key, object.key) < 0) {
      outcome.compare(file, undefined);
      cursor.pass();
      file = await cursor.peek();
    }
    if (file?.key === object.key) {
      outcome.compare(file, object);
      cursor.pass();
    }
  }
  for (let file = await cursor.peek(); file; file = await cursor.peek()) {
    outcome.compare(file, undefined);
    cursor.pass();
  }
  return listing.isOrdered;
}
