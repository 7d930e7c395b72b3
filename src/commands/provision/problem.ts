import { Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';

/** Something that a check before the start has found. */
export interface Problem {
  /** Name of the check, `CAA` */
  check: string;
  /** Whether the command must not continue; otherwise it is a warning. */
  refuses: boolean;
  /** What is not as it should be, in a sentence. */
  cause: string;
  /** What to do about it. */
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
    `${refusals.length} things stand in the way:\n${refusals.map(({ cause, cure }) => `- ${cause}\n  ${cure}`).join('\n')}`,
    'Fix them, and run the command again.',
  );
}
