import { Failure } from '../shell/failure';

/**
 * Converts an error of the adapter, which is one of Ghost's errors, into one for the user of a command.
 *
 * @param explained as `Bucket.explain` returns it
 */
export const asFailure = (explained: Error & { help?: string; code?: string }): Failure =>
  new Failure(explained.message, explained.help ?? 'Try again. Work that is done is not repeated.', {
    cause: explained,
  });
