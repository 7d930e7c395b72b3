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

/**
 * Returns a condition that holds a second after the given one first did. Requests that are held until then overlap with
 * others that should not be under way, too.
 */
export function aSecondAfter(condition: () => boolean): () => boolean {
  let since: number | undefined;
  return () => {
    if (condition()) since ??= Date.now();
    return since !== undefined && Date.now() - since > 1_000;
  };
}
