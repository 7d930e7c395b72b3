import { setMaxListeners } from 'node:events';
import { Interruption } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import type { RetryOptions } from '../../core/retry';
import { isTransient } from '../../core/s3/errors';
import { type Bandwidth, limitBandwidth } from './bandwidth';
import { type ProgressCounter, showProgress } from './progress';
import { PASSED_OVER, type ReportLine, Report, type Summary } from './report';
import type { MigrateOptions, MigrateSettings } from './settings';

/** What all transfers of a run share. */
export interface Run {
  settings: MigrateSettings;
  /** Stops the run. */
  stopping: AbortController;
  bandwidth: Bandwidth;
  progress: ProgressCounter;
  report: Report;
}

/** How requests are repeated on top of the SDK's own retries: a bucket that throttles needs a rest. */
export const TRANSFER_RETRIES: RetryOptions = {
  pausesMs: [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000],
  isTransient,
};

/** Records the outcome of a file, and counts the file as finished. */
export async function recordOutcome({ report, progress }: Run, line: ReportLine): Promise<void> {
  await report.add(line);
  if (!PASSED_OVER.includes(line.result)) {
    progress.finished(line.bytes ?? 0);
  }
}

const STOPPED = 'Stopped. No file is incomplete. Run the same command again to continue.';

/**
 * Runs steps that transfer files one after the other, with a progress bar.
 *
 * @throws Interruption after Ctrl-C
 */
export async function runSteps(
  terminal: Terminal,
  { report: file }: Pick<MigrateOptions, 'report'>,
  settings: MigrateSettings,
  steps: ((run: Run) => Promise<void>)[],
): Promise<Summary> {
  const report = Report.open(file);
  const progress = showProgress(terminal);
  const startedAt = performance.now();
  const stopping = new AbortController();
  // Each transfer adds several listeners.
  setMaxListeners(0, stopping.signal);
  terminal.signal.addEventListener('abort', () => stopping.abort(), { once: true });
  const bandwidth = limitBandwidth(settings.bytesPerSecond, stopping.signal);
  const run = { settings, stopping, bandwidth, progress, report };
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
