import { setTimeout as sleep } from 'node:timers/promises';

/** A ceiling for all transfers together. */
export interface Bandwidth {
  /** Waits until so many bytes may be sent or read. */
  take(bytes: number): Promise<void>;
}

/**
 * @param bytesPerSecond undefined for no ceiling
 * @param signal ends the waiting
 */
export function limitBandwidth(bytesPerSecond: number | undefined, signal: AbortSignal): Bandwidth {
  if (bytesPerSecond === undefined) {
    return { take: () => Promise.resolve() };
  }
  let freeAtMs = 0;
  return {
    async take(bytes) {
      const now = performance.now();
      // What was not used is not saved up.
      const startsAtMs = Math.max(freeAtMs, now);
      freeAtMs = startsAtMs + (bytes / bytesPerSecond) * 1000;
      await sleep(startsAtMs - now, undefined, { signal });
    },
  };
}
