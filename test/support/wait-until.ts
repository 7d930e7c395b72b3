import { setTimeout as sleep } from 'node:timers/promises';

/** Far longer than anything takes on a machine that is busy with other work. */
const PATIENCE_MS = 120_000;

/**
 * Waits until something has happened.
 *
 * @throws {Error} with the condition, if it has not happened within two minutes
 */
export async function waitUntil(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; !condition();) {
    if (Date.now() > deadline) throw new Error(`This has not happened: ${String(condition)}`);
    await sleep(5);
  }
}
