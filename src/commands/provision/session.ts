import { setTimeout } from 'node:timers/promises';
import { Interruption } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import type { Aws } from './aws/sign-in';
import type { Resolver } from './dns/live-dns';

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

/** What a command works with. */
export interface Session {
  aws: Aws;
  terminal: Terminal;
  resolver: Resolver;
  pause: Pause;
}
