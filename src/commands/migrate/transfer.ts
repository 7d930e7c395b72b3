import { FileProblem } from './file-problem';
import type { Run } from './run';
import type { Outcome } from './report';

/** The results of a dry run for new files. */
const PLANNED = { uploaded: 'to-upload', downloaded: 'to-download', copied: 'to-copy' } as const;

/** The steps for transferring one file. */
export interface Transfer {
  /** The result for a file that does not exist at the destination. */
  result: keyof typeof PLANNED;
  /** Whether the file is written without its location. */
  withoutLocation?: boolean;
  /**
   * Compares the file with the one at the destination: `with-location` when that is the same, but the file is to be
   * written without its location. Returns an outcome when there is nothing to write.
   */
  compare: () => Promise<'absent' | 'same' | 'different' | 'with-location' | Outcome>;
  /** Writes the file. Returns false when another file has taken its name in the meantime. */
  write: (isNew: boolean) => Promise<boolean>;
  /** Replaces the same file by one without its location. Returns false when it has been replaced in the meantime. */
  strip?: () => Promise<boolean>;
  /** Reads source and destination, and returns whether they have the same content. */
  verify: () => Promise<boolean>;
  /** Explains an error. Throws a Failure when it would affect all other files, too. */
  explain: (error: unknown) => string;
  /** The messages for different content at the destination, and for a file that differs after the transfer. */
  errors: { conflict: string; damaged: string };
}

/**
 * Transfers one file according to the settings: it skips the same content, replaces different content only with
 * `--overwrite`, writes nothing in a dry run, and reads everything back with `--verify`. With `--strip-location`, the same
 * image with a location is replaced.
 *
 * @returns the outcome; undefined when the run was stopped in the middle
 * @throws Failure for an error that would affect all other files, too
 */
export async function transferFile({ settings, stopping }: Run, transfer: Transfer): Promise<Outcome | undefined> {
  try {
    const outcome = await transferOnce(settings, transfer);
    const isThere = [transfer.result, 'overwritten', 'stripped', 'present'].includes(outcome.result);
    if (!settings.verify || !isThere) {
      return outcome;
    }
    return (await transfer.verify())
      ? { ...outcome, verified: true }
      : { result: 'failed', error: transfer.errors.damaged };
  } catch (error) {
    if (error instanceof FileProblem) {
      return error.outcome;
    }
    return stopping.signal.aborted ? undefined : { result: 'failed', error: transfer.explain(error) };
  }
}

async function transferOnce(settings: Run['settings'], transfer: Transfer): Promise<Outcome> {
  const there = await transfer.compare();
  if (typeof there === 'object') {
    return there;
  }
  if (there === 'same') {
    return { result: 'present' };
  }
  if (there === 'with-location') {
    if (settings.dryRun) {
      return { result: 'to-strip' };
    }
    return (await transfer.strip?.()) ? { result: 'stripped' } : transferOnce(settings, transfer);
  }
  const marks = transfer.withoutLocation ? ({ withoutLocation: true } as const) : {};
  const isNew = there === 'absent';
  if (!isNew && !settings.overwrite) {
    return { result: 'conflict', error: transfer.errors.conflict };
  }
  if (settings.dryRun) {
    return { result: isNew ? PLANNED[transfer.result] : 'to-overwrite', ...marks };
  }
  const isWritten = await transfer.write(isNew);
  return isWritten ? { result: isNew ? transfer.result : 'overwritten', ...marks } : transferOnce(settings, transfer);
}
