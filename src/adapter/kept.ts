/**
 * How long (ms) to keep what was just read or stored. Ghost needs it at once; the rest of the time is for a busy
 * process.
 */
const KEPT_MS = 10_000;

/** How many bytes and images all adapters of the process may keep in total. */
const MAX_KEPT = { bytes: 32 * 1024 * 1024, images: 64 };

/** What is kept, the oldest first. */
const all = new Set<Kept>();
let totalBytes = 0;

/** An image in memory. The oldest ones are dropped when their total exceeds the limits of the process. */
export class Kept {
  private bytes = 0;

  /** @param drop is called once, when the image must no longer be kept */
  constructor(private readonly drop: () => void) {
    all.add(this);
    keepWithinLimits();
  }

  /** Counts bytes that the image is about to take. With too many of them, it is not kept at all. */
  take(bytes: number): void {
    if (all.has(this)) {
      this.bytes += bytes;
      totalBytes += bytes;
      keepWithinLimits();
    }
  }

  /** Drops the image in a few seconds. */
  expire(): void {
    setTimeout(() => this.end(), KEPT_MS).unref();
  }

  end(): void {
    if (all.delete(this)) {
      totalBytes -= this.bytes;
      this.drop();
    }
  }
}

function keepWithinLimits(): void {
  for (const oldest of all) {
    if (totalBytes <= MAX_KEPT.bytes && all.size <= MAX_KEPT.images) {
      return;
    }
    oldest.end();
  }
}
