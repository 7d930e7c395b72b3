import { setTimeout } from 'node:timers/promises';
import { Interruption } from '../../shell/failure';

/** Waits so many seconds; rejects with an Interruption when the user presses Ctrl-C. */
export type Pause = (seconds: number) => Promise<void>;

/**
 * @param signal aborted by Ctrl-C
 * @returns a pause that ends with it
 */
export function pauseUntil(signal: AbortSignal): Pause {
  return async (seconds) => {
    await setTimeout(seconds * 1_000, undefined, { signal }).catch(() => {
      throw new Interruption();
    });
  };
}
