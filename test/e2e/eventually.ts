import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;
const POLL_MS = 200;

/**
 * Waits for what Ghost does in the background.
 *
 * @param look asked again and again until it gives something other than undefined
 * @throws Error that names what did not come within half a minute
 */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(POLL_MS);
  }
  throw new Error(`Not within ${PATIENCE_MS / 1000} s: ${what}.`);
}
