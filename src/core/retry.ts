import { setTimeout as sleep } from 'node:timers/promises';

/** How often to repeat a step, and after which errors. */
export interface RetryOptions {
  /** How long (ms) to wait before each attempt, on average. The first one usually starts at once: `[0, 500, 1000]`. */
  pausesMs: readonly number[];
  /** Whether an error may be temporary. When left out, every error may be. */
  isTransient?: (error: unknown) => boolean;
  /** Ends the attempts and the pauses. */
  signal?: AbortSignal;
  /** False lets the process end during a pause. */
  ref?: boolean;
}

/**
 * Repeats a step until it succeeds. The pauses have random lengths, so that steps that failed together are not repeated
 * together.
 *
 * @returns the result of the attempt that succeeded
 * @throws the error of the last attempt, or the first error that is not temporary
 */
export async function retry<T>(
  attempt: () => Promise<T>,
  { pausesMs, isTransient, signal, ref }: RetryOptions,
): Promise<T> {
  let failure: unknown;
  for (const pauseMs of pausesMs) {
    if (pauseMs > 0) {
      await sleep(pauseMs * (0.5 + Math.random()), undefined, { signal, ref });
    }
    try {
      return await attempt();
    } catch (error) {
      if (signal?.aborted || isTransient?.(error) === false) {
        throw error;
      }
      failure = error;
    }
  }
  throw failure;
}
