import { Declined } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';

/**
 * Shows the plan and asks for confirmation.
 *
 * @param done changes that this run has already made, as sentences without a period
 * @param undo runs unless the user confirms, even after Ctrl-C
 * @throws Declined when the user declines
 */
export async function confirmPlan(
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
    throw new Declined(done.length > 0 ? `${done.join('. ')}. Nothing else was changed.` : 'Nothing was changed.');
  }
}
