/** What went wrong and what mends it: shown to the user as it stands, without a stack trace. */
export class Failure extends Error {
  override readonly name = 'Failure';

  /**
   * @param message what is wrong, with the option or setting and its value
   * @param cure what to do about it, in a sentence or several lines
   */
  constructor(
    message: string,
    readonly cure: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The user has said no to what the command was going to do. */
export class Declined extends Error {
  override readonly name = 'Declined';

  constructor(message = 'Nothing was changed.') {
    super(message);
  }
}

/** What shells expect as the exit code of a program that was stopped by Ctrl-C: 128 and the number of the signal. */
export const INTERRUPTED = 130;

/** The user has stopped the command with Ctrl-C. */
export class Interruption extends Error {
  override readonly name = 'Interruption';

  /** @param message what goes on without the command, and how to come back to it */
  constructor(message = 'Stopped. What has begun at AWS goes on there; run the same command again, and it resumes.') {
    super(message);
  }
}
