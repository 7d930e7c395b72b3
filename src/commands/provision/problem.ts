import { Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';

/** A problem that a check before the start has found. */
export interface Problem {
  /** Name of the check, `CAA` */
  check: string;
  /** Whether the command cannot continue; otherwise it is a warning. */
  refuses: boolean;
  /** The problem, as a sentence. */
  cause: string;
  /** The fix. */
  cure: string;
}

/**
 * Shows the warnings among the problems.
 *
 * @throws Failure with all problems that refuse
 */
export function reportProblems(terminal: Terminal, problems: Problem[]): void {
  problems.filter(({ refuses }) => !refuses).forEach(({ cause, cure }) => terminal.warn(`${cause}\n  ${cure}`));
  const refusals = problems.filter(({ refuses }) => refuses);
  const [first] = refusals;
  if (!first) {
    return;
  }
  if (refusals.length === 1) {
    throw new Failure(first.cause, first.cure);
  }
  throw new Failure(
    `There are ${refusals.length} problems:\n${refusals.map(({ cause, cure }) => `- ${cause}\n  ${cure}`).join('\n')}`,
    'Fix them, then run the command again.',
  );
}
