import { setTimeout as sleep } from 'node:timers/promises';

/** Late timers within one body are made up for, so that the average bandwidth is right. */
const CATCH_UP_MS = 20;

/** Waits that are too short for a timer are added up. */
const SHORTEST_WAIT_MS = 2;

/** Limits one direction of a connection to a number of bytes per second. */
export class Pace {
  #freeAtMs = 0;

  constructor(readonly bytesPerSecond: number) {}

  /** Starts a new body, which does not profit from the time the connection was idle. */
  begin(): void {
    this.#freeAtMs = Math.max(this.#freeAtMs, performance.now());
  }

  /** Resolves when a connection with this bandwidth would have transferred the bytes. */
  async carry(bytes: number): Promise<void> {
    const now = performance.now();
    this.#freeAtMs = Math.max(this.#freeAtMs, now - CATCH_UP_MS) + (bytes / this.bytesPerSecond) * 1000;
    const waitMs = this.#freeAtMs - now;
    if (waitMs >= SHORTEST_WAIT_MS) await sleep(waitMs);
  }
}
