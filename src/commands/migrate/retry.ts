import { setTimeout as sleep } from 'node:timers/promises';
import { asForeign, PASSING_NETWORK_CODES, statusOf } from '../../core/foreign-error';

/** Pauses before further attempts, in milliseconds, beside those of the SDK: a bucket that throttles wants less for a while. */
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

/** What a connection fails with that may work again. */
const PASSING_CODES = new Set([
  ...PASSING_NETWORK_CODES,
  'ERR_STREAM_PREMATURE_CLOSE',
  'RequestTimeout',
  'SlowDown',
  'TimeoutError',
]);

/**
 * Does what may fail for a while: S3 throttles, or the line is down. Pauses grow, and are of random length, so that many
 * that fail together do not come back together.
 *
 * @param signal ends it
 * @throws the last error, and at once one that will not pass
 */
export async function persevere<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES_MS) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || !isPassing(error)) {
        throw error;
      }
    }
    await sleep(pause * (0.5 + Math.random()), undefined, { signal });
  }
  return attempt();
}

function isPassing(error: unknown): boolean {
  const { name = '', code = '', Code = '', message = '' } = asForeign(error);
  const status = statusOf(error) ?? 0;
  return (
    status === 429 ||
    (status >= 500 && status !== 501) ||
    [name, code, Code].some((word) => PASSING_CODES.has(word)) ||
    message === 'aborted'
  );
}
