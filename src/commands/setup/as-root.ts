import * as z from 'zod/mini';
import { Failure } from '../../shell/failure';
import { openTerminal } from '../../shell/terminal';
import { carryOut } from './change';
import type { SetupOptions } from './options';
import { PROXY_VARIABLES } from './proxy-variables';

/** A change as another process sends it. */
const CHANGE = z.union([
  z.object({
    do: z.literal('write'),
    block: z.object({ storage: z.object({ S3CloudFrontStorage: z.record(z.string(), z.string()) }) }),
  }),
  z.object({ do: z.enum(['install', 'restore', 'uninstall']) }),
  z.object({
    do: z.literal('copy-back'),
    storage: z.optional(z.record(z.string(), z.unknown())),
    isUnused: z.optional(z.boolean()),
    // Other names are dropped.
    proxy: z.optional(z.object(Object.fromEntries(PROXY_VARIABLES.map((name) => [name, z.optional(z.string())])))),
  }),
]);

/** The largest change (characters) that is read. */
const LARGEST_CHANGE = 1_000_000;

/**
 * Carries out the change that `setup` sends to the standard input. `setup` has shown it, and the user has agreed to it.
 *
 * @throws Failure when it is not such a change, or as `carryOut`
 */
export async function runAsRoot(options: SetupOptions): Promise<void> {
  const { success, data } = CHANGE.safeParse(jsonOf(await readInput(process.stdin)));
  if (!success) {
    throw new Failure('The standard input is not a change from "setup".', 'Run "setup" itself: it calls this command.');
  }
  if (data.do === 'copy-back') {
    Object.assign(process.env, data.proxy);
  }
  await carryOut(openTerminal({}), options, data);
}

/** Returns the standard input, or an empty text when it is too long or a terminal. */
async function readInput(input: NodeJS.ReadStream): Promise<string> {
  let text = '';
  if (!input.isTTY) {
    for await (const part of input.setEncoding('utf8') as AsyncIterable<string>) {
      text += part;
      if (text.length > LARGEST_CHANGE) {
        return '';
      }
    }
  }
  return text;
}

function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
