/** How much is done at a time. */
export interface Limits {
  /** Jobs. */
  concurrency: number;
  /** Memory that all jobs take together, in bytes. */
  memoryBytes: number;
}

/**
 * Does a job for each item, many at a time.
 *
 * @param items are taken one by one, as there is room for them
 * @param weigh the memory that a job takes, in bytes; one that takes more than there is runs alone
 * @param stopping keeps further jobs from beginning, and is aborted when one fails; those under way end
 * @throws the first error of a job or of the items, after all jobs under way have ended
 */
export async function inParallel<T>(
  items: AsyncIterable<T>,
  { concurrency, memoryBytes }: Limits,
  stopping: AbortController,
  weigh: (item: T) => number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const running = new Set<Promise<void>>();
  let taken = 0;
  // One is waited for at a time; racing all of them for each item would take longer than small jobs do.
  let ended = () => {};
  const nextEnd = () => new Promise<void>((resolve) => (ended = resolve));

  const start = (item: T, weight: number) => {
    taken += weight;
    const job = run(item)
      .catch((error: unknown) => {
        failures.push(error);
        stopping.abort();
      })
      .finally(() => {
        taken -= weight;
        running.delete(job);
        ended();
      });
    running.add(job);
  };

  try {
    for await (const item of items) {
      const weight = weigh(item);
      while (running.size >= concurrency || (running.size > 0 && taken + weight > memoryBytes)) {
        await nextEnd();
      }
      if (stopping.signal.aborted) {
        break;
      }
      start(item, weight);
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
