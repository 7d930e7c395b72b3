import { text } from 'node:stream/consumers';
import * as z from 'zod/mini';
import { Failure } from '../../shell/failure';
import { openTerminal } from '../../shell/terminal';
import { carryOut } from './change';
import type { SetupOptions } from './options';

/** A change as another process sends it. */
const CHANGE = z.union([
  z.object({
    do: z.literal('write'),
    block: z.object({ storage: z.object({ S3CloudFrontStorage: z.record(z.string(), z.string()) }) }),
  }),
  z.object({ do: z.enum(['install', 'uninstall', 'copy-back']) }),
]);

/**
 * Carries out the change that `setup` sends to the standard input, which it has shown and asked for.
 *
 * @throws Failure when it is not such a change, or as `carryOut`
 */
export async function runAsRoot(options: SetupOptions): Promise<void> {
  const { success, data } = CHANGE.safeParse(jsonOf(await text(process.stdin)));
  if (!success) {
    throw new Failure('The standard input is not a change of "setup".', 'Run "setup" itself: it calls this command.');
  }
  await carryOut(openTerminal({}), options, data);
}

function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
