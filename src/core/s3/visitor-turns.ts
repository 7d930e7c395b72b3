import { Semaphore } from 'async-mutex';

/** How many requests of visitors wait for S3's answer at a time. A service on one machine answers more of them no sooner. */
const MAX_ASKING = 50;

/** How long (ms) a request takes its turn: a service that does not respond must not hold up other visitors. */
const TURN_MS = 250;

const turns = new Semaphore(MAX_ASKING);

/**
 * Asks S3 for a visitor as soon as few enough others wait for an answer. The turn ends with the start of the answer, so a
 * visitor with a slow connection takes it no longer than others do.
 *
 * @throws the reason of the signal when the visitor has left by then
 */
export async function askInTurn<T>(visitor: AbortSignal, ask: () => Promise<T>): Promise<T> {
  const [, end] = await turns.acquire();
  const timer = setTimeout(end, TURN_MS);
  try {
    visitor.throwIfAborted();
    return await ask();
  } finally {
    clearTimeout(timer);
    end();
  }
}
