import { setMaxListeners } from 'node:events';
import { Failure, Interruption } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { type Bandwidth, limitBandwidth } from './bandwidth';
import type { Place } from './place';
import { type Progress, showProgress } from './progress';
import { type Outcome, Report, type Summary } from './report';
import type { MigrateOptions, MoveSettings } from './settings';

/** A run under way: what all its jobs share. */
export interface Run {
  settings: MoveSettings;
  /** Ends it. */
  stopping: AbortController;
  bandwidth: Bandwidth;
  progress: Progress;
  report: Report;
}

/** All files that are under way take so much memory together, in bytes. */
export const MEMORY_BYTES = 12 * 1024 * 1024;

/** @param interruption of the user; ends the run */
export function beginRun(settings: MoveSettings, interruption: AbortSignal, progress: Progress, report: Report): Run {
  const stopping = new AbortController();
  // Each job listens, and many times.
  setMaxListeners(0, stopping.signal);
  interruption.addEventListener('abort', () => stopping.abort(), { once: true });
  const bandwidth = limitBandwidth(settings.bytesPerSecond, stopping.signal);
  return { settings, stopping, bandwidth, progress, report };
}

/** Notes what became of a file, which is done with it. */
export async function note({ report, progress }: Run, outcome: Outcome): Promise<void> {
  await report.add(outcome);
  if (outcome.result !== 'ignored') {
    progress.done(outcome.bytes ?? 0);
  }
}

/** Errors of Ghost's kind that all other files would meet, too. */
const OF_ALL_FILES = new Set(['STORAGE_S3_FORBIDDEN', 'STORAGE_S3_MISCONFIGURED', 'STORAGE_S3_UNREACHABLE']);

/** The disk, or what its user may have of it, is used up. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Tells what went wrong with a file.
 *
 * @param error of the SDK, of the adapter or of the disk
 * @returns it in words
 * @throws Failure for what all other files would meet, too: a missing permission, a wrong region, a full disk
 */
export function wordsOf(
  error: unknown,
  { bucket }: Place,
  operation: Parameters<typeof bucket.explain>[1],
  key: string,
): string {
  const { code = '', syscall, path } = error as NodeJS.ErrnoException;
  if (FULL.has(code)) {
    throw new Failure(
      `The disk is full (${code}).`,
      'Make room, and run the same command again: what is there already is not fetched twice.',
    );
  }
  if (syscall !== undefined && path !== undefined) {
    return `${path}: ${code}`;
  }
  const explained = bucket.explain(error, operation, key) as Error & { code?: string; help?: string; context?: string };
  if (OF_ALL_FILES.has(explained.code ?? '')) {
    throw failureOf(explained);
  }
  return explained.message;
}

/** @param explained one of Ghost's errors, as the adapter throws them */
export const failureOf = (explained: Error & { help?: string }): Failure =>
  new Failure(explained.message, explained.help ?? 'Try again: what is done is not done twice.', { cause: explained });

const STOPPED = 'Stopped. Nothing is half done: run the same command again, and it goes on.';

/**
 * Does steps that move files, one after the other, shows how far they are, and counts what they come to.
 *
 * @throws Interruption when the user has stopped them
 */
export async function move(
  terminal: Terminal,
  { json, report: file }: Pick<MigrateOptions, 'json' | 'report'>,
  settings: MoveSettings,
  steps: ((run: Run) => Promise<void>)[],
): Promise<Summary> {
  const report = await Report.open(file);
  const progress = showProgress(json ? process.stderr : process.stdout);
  const startedAt = performance.now();
  const run = beginRun(settings, terminal.signal, progress, report);
  terminal.signal.addEventListener('abort', progress.stop, { once: true });
  try {
    for (const step of steps) {
      await step(run);
      terminal.signal.throwIfAborted();
    }
  } catch (error) {
    throw terminal.signal.aborted ? new Interruption(STOPPED) : error;
  } finally {
    terminal.signal.removeEventListener('abort', progress.stop);
    progress.stop();
    await report.close();
  }
  return report.summary((performance.now() - startedAt) / 1000);
}
