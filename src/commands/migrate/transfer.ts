import { FileProblem } from './file-problem';
import type { Run } from './run';
import type { Outcome } from './report';

/** The results of a dry run for new files. */
const PLANNED = { uploaded: 'to-upload', downloaded: 'to-download', copied: 'to-copy' } as const;

/** How to transfer one file. */
export interface Transfer {
  /** The result for a file that is new there. */
  result: keyof typeof PLANNED;
  /** Compares the file with the one that has its name there. Returns an outcome when the file cannot go there at all. */
  compare: () => Promise<'absent' | 'same' | 'different' | Outcome>;
  /** Writes the file. Returns false when another file has taken its name in the meantime. */
  write: (isNew: boolean) => Promise<boolean>;
  /** Reads both sides, and returns whether they have the same bytes. */
  verify: () => Promise<boolean>;
  /** Explains an error. Throws a Failure when all other files would meet it, too. */
  explain: (error: unknown) => string;
  /** The errors for different content under the file's name, and for a file that verify finds damaged. */
  errors: { conflict: string; damaged: string };
}

/**
 * Transfers one file as the settings say: equal content is skipped, different content is only replaced with
 * `--overwrite`, a dry run writes nothing, and `--verify` reads everything back.
 *
 * @returns the outcome; undefined when the run was stopped in the middle
 * @throws Failure for an error that all other files would meet, too
 */
export async function transferFile({ settings, stopping }: Run, transfer: Transfer): Promise<Outcome | undefined> {
  try {
    const outcome = await transferOnce(settings, transfer);
    const isThere = [transfer.result, 'overwritten', 'present'].includes(outcome.result);
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
  const isNew = there === 'absent';
  if (!isNew && !settings.overwrite) {
    return { result: 'conflict', error: transfer.errors.conflict };
  }
  if (settings.dryRun) {
    return { result: isNew ? PLANNED[transfer.result] : 'to-overwrite' };
  }
  const isWritten = await transfer.write(isNew);
  return isWritten ? { result: isNew ? transfer.result : 'overwritten' } : transferOnce(settings, transfer);
}
