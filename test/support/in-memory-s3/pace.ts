import { setTimeout as sleep } from 'node:timers/promises';

/** Within one body, a timer that fired late is caught up with, so that the average is the bandwidth asked for. */
const CATCH_UP_MS = 20;

/** Waits shorter than a timer can measure are left to add up. */
const SHORTEST_WAIT_MS = 2;

/** One direction of one connection with a ceiling in bytes a second. */
export class Pace {
  #freeAtMs = 0;

  constructor(readonly bytesPerSecond: number) {}

  /** A new body starts: the time the line was idle is not to its credit. */
  begin(): void {
    this.#freeAtMs = Math.max(this.#freeAtMs, performance.now());
  }

  /** Resolves when a line of this bandwidth would have carried the bytes. */
  async carry(bytes: number): Promise<void> {
    const now = performance.now();
    this.#freeAtMs = Math.max(this.#freeAtMs, now - CATCH_UP_MS) + (bytes / this.bytesPerSecond) * 1000;
    const waitMs = this.#freeAtMs - now;
    if (waitMs >= SHORTEST_WAIT_MS) await sleep(waitMs);
  }
}
