import { type Options, SingleBar } from 'cli-progress';
import { duration, megabytes, number } from '../../shell/text';

/** So often a line is written where there is no terminal, in milliseconds. */
const LINE_EVERY_MS = 5_000;

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

/**
 * Shows a bar with files, bytes, rate and the time that is left; where there is no terminal, a line every few seconds.
 *
 * @param output what the command speaks on
 */
export function showProgress(output: NodeJS.WriteStream): Progress {
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

  const format: Options['format'] = ({ barsize = 0 }, { progress }) => {
    const full = Math.round(barsize * progress);
    return `${'█'.repeat(full)}${'░'.repeat(barsize - full)} ${figures()}`;
  };
  const bar = output.isTTY
    ? new SingleBar({
        stream: output,
        format,
        barsize: 24,
        fps: 8,
        clearOnComplete: true,
        hideCursor: true,
        gracefulExit: false,
      })
    : undefined;
  bar?.start(1, 0);
  const timer = setInterval(
    () => {
      if (bar) {
        bar.setTotal(Math.max(total(), 1));
        bar.update(done());
      } else {
        output.write(`${figures()}\n`);
      }
    },
    bar ? 125 : LINE_EVERY_MS,
  );
  timer.unref();

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
    stop() {
      clearInterval(timer);
      bar?.stop();
    },
  };
}
