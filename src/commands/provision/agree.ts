import { Declined } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';

/**
 * Shows the plan and asks for agreement.
 *
 * @param done what this run has already changed, in sentences without a period
 * @param undo runs unless the user agrees, even when Ctrl-C ends the question
 * @throws Declined when the user does not agree
 */
export async function agree(
  terminal: Terminal,
  plan: string[],
  done: string[] = [],
  undo?: () => Promise<void>,
): Promise<void> {
  terminal.say();
  plan.forEach((line) => terminal.say(line));
  let isAgreed = false;
  try {
    isAgreed = await terminal.confirm('Continue?');
  } finally {
    if (!isAgreed) {
      await undo?.();
    }
  }
  if (!isAgreed) {
    throw new Declined(done.length > 0 ? `${done.join('. ')}; nothing else was changed.` : 'Nothing was changed.');
  }
}
