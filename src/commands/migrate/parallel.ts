/** How many jobs run at a time. */
export interface Limits<T> {
  concurrency: number;
  /** How much memory (bytes) all jobs may take together, and how much the job for an item takes. */
  memory?: { maxBytes: number; bytesOf: (item: T) => number };
}

/**
 * Runs a job for each item, many at a time.
 *
 * @param items read one by one, as jobs can start
 * @param limits a job that takes more memory than there is runs alone
 * @param stopping keeps further jobs from starting, and is aborted when one fails; running jobs come to their end
 * @throws the first error of a job or of the items, when all running jobs have ended
 */
export async function inParallel<T>(
  items: AsyncIterable<T>,
  { concurrency, memory }: Limits<T>,
  stopping: AbortController,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const running = new Set<Promise<void>>();
  let takenBytes = 0;
  // Waits for one job at a time: Promise.race over all of them, for each item, takes longer than small jobs do.
  let onEnd = () => {};
  const nextEnd = () => new Promise<void>((resolve) => (onEnd = resolve));

  const start = (item: T, bytes: number) => {
    takenBytes += bytes;
    const job = run(item)
      .catch((error: unknown) => {
        failures.push(error);
        stopping.abort();
      })
      .finally(() => {
        takenBytes -= bytes;
        running.delete(job);
        onEnd();
      });
    running.add(job);
  };

  try {
    for await (const item of items) {
      const bytes = memory?.bytesOf(item) ?? 0;
      const hasMemory = () => running.size === 0 || !memory || takenBytes + bytes <= memory.maxBytes;
      while (running.size >= concurrency || !hasMemory()) {
        await nextEnd();
      }
      if (stopping.signal.aborted) {
        break;
      }
      start(item, bytes);
    }
  } catch (error) {
    failures.push(error);
    stopping.abort();
  }
  await Promise.all(running);
  if (failures.length > 0) {
    throw failures[0];
  }
}
