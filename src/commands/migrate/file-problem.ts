import type { Outcome } from './report';

/** Thrown for a file that is not transferred for a reason of its own, which the user is told. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';

  /** @param message the reason, with what to do */
  constructor(
    readonly result: Extract<Outcome['result'], 'changed' | 'conflict' | 'refused' | 'failed'>,
    message: string,
  ) {
    super(message);
  }

  get outcome(): Outcome {
    return { result: this.result, error: this.message };
  }
}
