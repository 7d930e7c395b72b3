import type { Terminal } from '../../shell/terminal';
import { duration, megabytes, number } from '../../shell/text';

/** The time that a request takes for even the smallest file, as the bytes that could be sent in it. */
const FILE_COSTS_BYTES = 32 * 1024;

/** Counts what a run has found and finished. */
export interface ProgressCounter {
  /** More files to process were found. */
  found(files: number, bytes: number): void;
  /** A file is finished, whatever its outcome. */
  finished(bytes: number): void;
  /** Bytes were sent or received. */
  transferred(bytes: number): void;
  stop: () => void;
}

/** Shows a bar with files, bytes, rate and the time left; where no bar can be drawn, a line every few seconds. */
export function showProgress(terminal: Terminal): ProgressCounter {
  const startedAt = performance.now();
  const sums = { files: 0, bytes: 0, doneFiles: 0, doneBytes: 0, transferredBytes: 0 };
  const done = () => sums.doneBytes + sums.doneFiles * FILE_COSTS_BYTES;
  const total = () => sums.bytes + sums.files * FILE_COSTS_BYTES;

  const describe = () => {
    const seconds = (performance.now() - startedAt) / 1000;
    const left = done() > 0 ? seconds * (total() / done() - 1) : undefined;
    return [
      `${number(sums.doneFiles)} of ${number(sums.files)} files`,
      `${megabytes(sums.doneBytes)} of ${megabytes(sums.bytes)}`,
      `${megabytes(sums.transferredBytes / Math.max(seconds, 0.001))}/s`,
      left === undefined ? '' : `${duration(left)} left`,
    ]
      .filter(Boolean)
      .join(', ');
  };

  const stop = terminal.bar(() => ({ share: done() / Math.max(total(), 1), text: describe() }));
  return {
    found(files, bytes) {
      sums.files += files;
      sums.bytes += bytes;
    },
    finished(bytes) {
      sums.doneFiles += 1;
      sums.doneBytes += bytes;
    },
    transferred: (bytes) => void (sums.transferredBytes += bytes),
    stop,
  };
}
