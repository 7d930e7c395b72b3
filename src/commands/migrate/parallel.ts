/** Limits on the jobs that run at a time. */
export interface Limits<T> {
  concurrency: number;
  /** How much memory (bytes) all running jobs may use, and how much the job for an item needs. */
  memory?: { maxBytes: number; bytesOf: (item: T) => number };
}

/**
 * Runs a job for each item, many at a time.
 *
 * @param items read one by one, whenever a job can start
 * @param limits a job that needs more memory than the maximum runs alone
 * @param stopping prevents new jobs when it is aborted, which a failed job does as well; running jobs finish
 * @throws the first error of a job or of the items, after all running jobs have finished
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
  // Not Promise.race over all jobs: called for each item, it takes longer than small jobs do.
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
