import { setMaxListeners } from 'node:events';
import { Interruption } from '../../shell/failure';
import { invalidationsFor, pathsOnCdn } from '../../core/invalidation';
import type { Terminal } from '../../shell/terminal';
import { showTransfer, type TransferProgress } from '../../shell/transfer-progress';
import type { RetryOptions } from '../../core/retry';
import { isTransient } from '../../core/s3/errors';
import { type Bandwidth, limitBandwidth } from './bandwidth';
import type { FeatureLocation } from './feature-location';
import { PASSED_OVER, type ReportLine, Report, type Summary } from './report';
import type { MigrateOptions, MigrateSettings } from './settings';

/** The parts that all transfers of a run share. */
export interface Run {
  settings: MigrateSettings;
  /** Stops the run. */
  stopping: AbortController;
  bandwidth: Bandwidth;
  progress: TransferProgress;
  report: Report;
  /** The features with images that were replaced by copies without their location. */
  stripped: Set<FeatureLocation>;
  /** Starts counting the files of all steps, so that the progress has a total. Further calls have no effect. */
  startCounting: () => void;
}

/** The number of files that were found, and their total size. */
export interface Found {
  files: number;
  bytes: number;
}

/** A step of a run, such as the transfer of all images. */
export interface Step {
  /** Finds the files that `transfer` will process. */
  count: (run: Run) => AsyncIterable<Found>;
  /** Transfers the files, and calls `startCounting`. */
  transfer: (run: Run) => Promise<void>;
}

/** Retries in addition to the SDK's own, because a bucket that throttles needs more time. */
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

/** The message after Ctrl-C. */
const STOPPED = 'Stopped. No file is incomplete. Run the same command again to continue.';

/**
 * Runs steps that transfer files, one after the other, with a progress bar.
 *
 * @param prepare runs before the first step; when it fails, no step runs
 * @throws Interruption after Ctrl-C
 */
export async function runSteps(
  terminal: Terminal,
  { report: file }: Pick<MigrateOptions, 'report'>,
  settings: MigrateSettings,
  steps: readonly Step[],
  prepare: (run: Run) => Promise<void> = () => Promise.resolve(),
): Promise<Summary> {
  const report = Report.open(file);
  const progress = showTransfer(terminal);
  const startedAt = performance.now();
  const stopping = new AbortController();
  // Each transfer adds several listeners.
  setMaxListeners(0, stopping.signal);
  terminal.signal.addEventListener('abort', () => stopping.abort(), { once: true });
  const bandwidth = limitBandwidth(settings.bytesPerSecond, stopping.signal);
  let isCounting = false;
  const startCounting = () => {
    if (!isCounting) {
      isCounting = true;
      // The transfers report the same errors.
      countAll(run, steps).catch(() => {});
    }
  };
  const stripped: Run['stripped'] = new Set();
  const run: Run = { settings, stopping, bandwidth, progress, report, stripped, startCounting };
  try {
    await prepare(run);
    for (const step of steps) {
      await step.transfer(run);
      terminal.signal.throwIfAborted();
    }
  } catch (error) {
    throw terminal.signal.aborted ? new Interruption(STOPPED) : error;
  } finally {
    stopping.abort();
    progress.stop();
    // The CDN has former copies, also when the run is stopped.
    stripped.forEach(({ config, keys }) => invalidationsFor(config)?.overwrittenBelow(keys.toUrl(keys.keyOf(''))));
    await report.close();
  }
  return report.summary((performance.now() - startedAt) / 1000, replacedPaths(stripped));
}

/** Returns the paths on the CDN that have to be invalidated. */
function replacedPaths(stripped: Run['stripped']): Summary['replaced'] {
  const replaced: Summary['replaced'] = { invalidated: [], toInvalidate: [] };
  for (const { config, keys } of stripped) {
    const paths = pathsOnCdn(`${keys.toUrl(keys.keyOf(''))}/*`, config);
    replaced[invalidationsFor(config) ? 'invalidated' : 'toInvalidate'].push(...paths);
  }
  return replaced;
}

async function countAll(run: Run, steps: readonly Step[]): Promise<void> {
  const { progress, stopping } = run;
  for (const { count } of steps) {
    for await (const { files, bytes } of count(run)) {
      stopping.signal.throwIfAborted();
      progress.found(files, bytes);
    }
  }
  progress.foundAll();
}
