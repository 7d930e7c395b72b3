import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Size (bytes) from which the young generation no longer doubles. It ends at 32 MiB, the maximum of Node 20 and 22. */
const YOUNG_BYTES = 24 * 1024 * 1024;

/**
 * Runs a function with a limited heap. Otherwise, with many small requests, the heap triples before their garbage is
 * collected, and since Node 24 the young generation alone, which is nearly all garbage, grows to 128 MB.
 *
 * V8 reads the maximum of the young generation only when Node starts, and there is no way to start Node with flags
 * everywhere: BusyBox has no `env -S`, and Node 20 no `process.execve`. But it reads how much to grow before it grows.
 */
export async function inSmallHeap<T>(run: () => Promise<T>): Promise<T> {
  setFlagsFromString('--heap-growing-percent=80');
  // The young generation grows only when garbage is collected, and shrinks when there is little of it.
  const observer = new PerformanceObserver(() => {
    setFlagsFromString(`--semi-space-growth-factor=${youngBytes() < YOUNG_BYTES ? 2 : 1}`);
  });
  observer.observe({ entryTypes: ['gc'] });
  try {
    return await run();
  } finally {
    observer.disconnect();
    setFlagsFromString('--semi-space-growth-factor=2');
  }
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
