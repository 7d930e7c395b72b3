import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { asForeign, statusOf } from '../foreign-error';

type Sdk = typeof import('../lazy/aws-sdk');
type Strategy = InstanceType<Sdk['StandardRetryStrategy']>;
type Token = Awaited<ReturnType<Strategy['acquireInitialRetryToken']>>;
type Failure = Parameters<Strategy['refreshRetryTokenForRetry']>[1];

/** The pauses (ms) of a request that is throttled: the first one, the longest, and their sum. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const ALL_PAUSES_MS = 120_000;

/** The words with which services say "too many requests" that the SDK does not recognize. */
const THROTTLED = /slow ?down|too ?many ?requests|request ?rate|rate ?(limit|exceeded)|throttl/i;

/** How many requests of the process are under way, pauses included. */
let underWay = 0;

/** Counts the requests of a client as long as they last, with their retries. */
export function countRequests(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      underWay += 1;
      try {
        return await next(args);
      } finally {
        underWay -= 1;
      }
    },
    { step: 'initialize', name: 'countRequests' },
  );
}

/**
 * Returns the SDK's retry strategy with two differences.
 *
 * - There is no retry budget that all requests of a client share. During an import over a bad connection it would be used up after a few dozen retries, and then each upload would fail at its first error.
 * - A request that S3 throttles while others of this process are under way is not one of the `maxAttempts`: sent one after
 *   the other, they would all have succeeded. It is repeated after growing pauses, in which the others are sent. With
 *   a `maxAttempts` of 1, nothing is repeated, and visitors do not wait for it.
 *
 * @param waits whether throttled requests may wait for up to two minutes
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
 */
export function retriesByRequest({ StandardRetryStrategy }: Sdk, maxAttempts: number, waits: boolean): Strategy {
  /** How long (ms) the requests of these tokens have paused because of throttling. */
  const paused = new WeakMap<Token, { pauses: number; ms: number }>();
  return new (class extends StandardRetryStrategy {
    override async refreshRetryTokenForRetry(token: Token, failure: Failure) {
      const soFar = paused.get(token) ?? { pauses: 0, ms: 0 };
      if (waits && maxAttempts > 1 && underWay > 1 && isThrottled(failure) && soFar.ms < ALL_PAUSES_MS) {
        const ms = pauseMs(soFar.pauses, failure.retryAfterHint);
        paused.set(token, { pauses: soFar.pauses + 1, ms: soFar.ms + ms });
        await sleep(ms);
        return token;
      }
      const next = await super.refreshRetryTokenForRetry(token, failure);
      paused.set(next, soFar);
      // Returns the cost of the retry to the budget.
      this.recordSuccess(next);
      return next;
    }
  })(maxAttempts);
}

function isThrottled({ errorType, error }: Failure): boolean {
  const { name = '', Code = '', message = '' } = asForeign(error);
  return (
    errorType === 'THROTTLING' ||
    (statusOf(error) === 503 && [name, Code, message].some((words) => THROTTLED.test(words)))
  );
}

/** Pauses have random lengths, so that requests that were throttled together are not repeated together. */
function pauseMs(pauses: number, wish: Date | undefined): number {
  const own = Math.min(FIRST_PAUSE_MS * 2 ** pauses, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
  const wished = wish ? wish.getTime() - Date.now() : 0;
  return Math.min(Math.max(own, wished), LONGEST_PAUSE_MS);
}
