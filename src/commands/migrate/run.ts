import { setMaxListeners } from 'node:events';
import { Interruption } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import type { RetryOptions } from '../../core/retry';
import { isTransient } from '../../core/s3/errors';
import { type Bandwidth, limitBandwidth } from './bandwidth';
import { type Progress, showProgress } from './progress';
import { type ReportLine, Report, type Summary } from './report';
import type { MigrateOptions, MigrateSettings } from './settings';

/** A run under way: what all its jobs share. */
export interface Run {
  settings: MigrateSettings;
  /** Ends it. */
  stopping: AbortController;
  bandwidth: Bandwidth;
  progress: Progress;
  report: Report;
}

/** All files that are under way take so much memory together, in bytes. */
export const MEMORY_BYTES = 12 * 1024 * 1024;

/** How requests are repeated on top of the SDK's own retries: a bucket that throttles needs a rest. */
export const TRANSFER_RETRIES: RetryOptions = {
  pausesMs: [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000],
  isTransient,
};

/** @param interruption of the user; ends the run */
export function startRun(
  settings: MigrateSettings,
  interruption: AbortSignal,
  progress: Progress,
  report: Report,
): Run {
  const stopping = new AbortController();
  // Each job listens, and many times.
  setMaxListeners(0, stopping.signal);
  interruption.addEventListener('abort', () => stopping.abort(), { once: true });
  const bandwidth = limitBandwidth(settings.bytesPerSecond, stopping.signal);
  return { settings, stopping, bandwidth, progress, report };
}

/** Notes what became of a file, which is done with it. */
export async function recordOutcome({ report, progress }: Run, outcome: ReportLine): Promise<void> {
  await report.add(outcome);
  if (outcome.result !== 'ignored') {
    progress.finished(outcome.bytes ?? 0);
  }
}

const STOPPED = 'Stopped. Nothing is half done: run the same command again, and it goes on.';

/**
 * Does steps that move files, one after the other, shows how far they are, and counts what they come to.
 *
 * @throws Interruption when the user has stopped them
 */
export async function runSteps(
  terminal: Terminal,
  { report: file }: Pick<MigrateOptions, 'report'>,
  settings: MigrateSettings,
  steps: ((run: Run) => Promise<void>)[],
): Promise<Summary> {
  const report = await Report.open(file);
  const progress = showProgress(terminal);
  const startedAt = performance.now();
  const run = startRun(settings, terminal.signal, progress, report);
  try {
    for (const step of steps) {
      await step(run);
      terminal.signal.throwIfAborted();
    }
  } catch (error) {
    throw terminal.signal.aborted ? new Interruption(STOPPED) : error;
  } finally {
    progress.stop();
    await report.close();
  }
  return report.summary((performance.now() - startedAt) / 1000);
}
