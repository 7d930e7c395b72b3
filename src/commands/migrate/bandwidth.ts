import { setTimeout as sleep } from 'node:timers/promises';

/** Limits the total bandwidth of all transfers. */
export interface Bandwidth {
  /** Waits until this number of bytes may be sent or received. */
  take(bytes: number): Promise<void>;
}

/**
 * Creates the limit for `--bandwidth`.
 *
 * @param bytesPerSecond undefined for no limit
 * @param signal makes waiting transfers fail
 */
export function limitBandwidth(bytesPerSecond: number | undefined, signal: AbortSignal): Bandwidth {
  if (bytesPerSecond === undefined) {
    return { take: () => Promise.resolve() };
  }
  let freeAtMs = 0;
  return {
    async take(bytes) {
      const now = performance.now();
      // Unused bandwidth does not accumulate.
      const startsAtMs = Math.max(freeAtMs, now);
      freeAtMs = startsAtMs + (bytes / bytesPerSecond) * 1000;
      await sleep(startsAtMs - now, undefined, { signal });
    },
  };
}
