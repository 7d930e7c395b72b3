import type { Terminal } from '../../shell/terminal';
import { duration, megabytes, number } from '../../shell/text';

/** What a file costs beside its bytes, as so many bytes: a request has its own time, however small the file is. */
const FILE_COSTS_BYTES = 32 * 1024;

/** How far a run is. */
export interface Progress {
  /** More files have been found, that have to be looked at. */
  found(files: number, bytes: number): void;
  /** A file is done. */
  finished(bytes: number): void;
  /** So many bytes were sent or read over the line. */
  transferred(bytes: number): void;
  stop: () => void;
}

/** Shows a bar with files, bytes, rate and the time left; where no bar can be drawn, a line every few seconds. */
export function showProgress(terminal: Terminal): Progress {
  const startedAt = performance.now();
  const sums = { files: 0, bytes: 0, doneFiles: 0, doneBytes: 0, movedBytes: 0 };
  const done = () => sums.doneBytes + sums.doneFiles * FILE_COSTS_BYTES;
  const total = () => sums.bytes + sums.files * FILE_COSTS_BYTES;

  const figures = () => {
    const seconds = (performance.now() - startedAt) / 1000;
    const left = done() > 0 ? seconds * (total() / done() - 1) : undefined;
    return [
      `${number(sums.doneFiles)} of ${number(sums.files)} files`,
      `${megabytes(sums.doneBytes)} of ${megabytes(sums.bytes)}`,
      `${megabytes(sums.movedBytes / Math.max(seconds, 0.001))}/s`,
      left === undefined ? '' : `${duration(left)} left`,
    ]
      .filter(Boolean)
      .join(', ');
  };

  const stop = terminal.bar(() => ({ share: done() / Math.max(total(), 1), text: figures() }));
  return {
    found(files, bytes) {
      sums.files += files;
      sums.bytes += bytes;
    },
    finished(bytes) {
      sums.doneFiles += 1;
      sums.doneBytes += bytes;
    },
    transferred: (bytes) => void (sums.movedBytes += bytes),
    stop,
  };
}
