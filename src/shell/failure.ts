/** An error that is shown to the user as it is, without a stack trace. */
export class Failure extends Error {
  override readonly name = 'Failure';

  /**
   * @param message the problem, with the option or setting and its value
   * @param cure how to fix it, in a sentence or several lines
   */
  constructor(
    message: string,
    readonly cure: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The user did not agree to what the command was going to do. */
export class Declined extends Error {
  override readonly name = 'Declined';

  constructor(message = 'Nothing was changed.') {
    super(message);
  }
}

/** The exit code that shells expect of a program stopped by Ctrl-C: 128 plus the number of the signal. */
export const INTERRUPTED = 130;

/** The exit code that shells expect of a program whose output is no longer read: 128 plus the number of SIGPIPE. */
export const BROKEN_PIPE = 141;

/** The user stopped the command with Ctrl-C. */
export class Interruption extends Error {
  override readonly name = 'Interruption';

  /** @param message what continues without the command, and how to resume it */
  constructor(message = 'Stopped. What AWS has started continues there. Run the same command again to resume.') {
    super(message);
  }
}
