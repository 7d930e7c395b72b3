import type { Outcome } from './report';

/** The error for a file that cannot be transferred, unlike the others. The user sees its message. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';

  /** @param message the reason and the fix */
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
