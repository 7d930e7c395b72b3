import type { Output } from './frames';

/** How long (ms) a key takes. */
const KEY = 35;
const PAUSE = 350;

/** Returns commands that a user types into a shell. */
export function typed(commands: string[]): Output[] {
  const outputs: Output[] = [];
  let at = 0;
  for (const command of commands) {
    outputs.push({ at, text: '\x1b[32m$\x1b[0m ' });
    at += PAUSE;
    for (const text of command) {
      outputs.push({ at, text });
      at += KEY;
    }
    at += PAUSE;
    outputs.push({ at, text: '\r\n' });
  }
  return outputs;
}
