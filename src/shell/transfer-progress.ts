import type { Terminal } from './terminal';
import { counted, duration, megabytes, number } from './text';

/** The time that a request takes even for the smallest file, as the bytes that could be sent in that time. */
const FILE_COSTS_BYTES = 32 * 1024;

/** Counts what a command that transfers files has found and finished. */
export interface TransferProgress {
  /** More files to process were found. */
  found(files: number, bytes: number): void;
  /** All files were found, so that there is a total. */
  foundAll(): void;
  /** A file is finished, whatever its outcome. */
  finished(bytes: number): void;
  /** Bytes were sent or received. */
  transferred(bytes: number): void;
  stop: () => void;
}

/**
 * Shows the progress of a transfer: a bar with files, bytes, rate and the time left. Where no bar can be drawn, it is a
 * line every few seconds. While files are still being counted, it shows what was found so far, without a total or a
 * time.
 *
 * @param unit whether bytes are counted when a file ends (`finished`), or piece by piece (`transferred`)
 */
export function showTransfer(terminal: Terminal, unit: 'files' | 'pieces' = 'files'): TransferProgress {
  const startedAt = performance.now();
  const sums = { files: 0, bytes: 0, doneFiles: 0, doneBytes: 0, transferredBytes: 0 };
  let isCounted = false;
  const doneBytes = () => (unit === 'files' ? sums.doneBytes : sums.transferredBytes);
  // Files that were added after the count would make more than the total.
  const totalFiles = () => Math.max(sums.files, sums.doneFiles);
  const totalBytes = () => Math.max(sums.bytes, doneBytes());

  const look = () => {
    const seconds = Math.max((performance.now() - startedAt) / 1000, 0.001);
    const rate = `${megabytes(sums.transferredBytes / seconds)}/s`;
    if (!isCounted) {
      const found = `${counted(totalFiles(), 'file')} (${megabytes(totalBytes())}) found so far`;
      return { text: `counting… ${found}, ${number(sums.doneFiles)} done, ${rate}` };
    }
    const done = doneBytes() + sums.doneFiles * FILE_COSTS_BYTES;
    const total = totalBytes() + totalFiles() * FILE_COSTS_BYTES;
    const parts = [
      `${number(sums.doneFiles)} of ${counted(totalFiles(), 'file')}`,
      `${megabytes(doneBytes())} of ${megabytes(totalBytes())}`,
      rate,
      // The first bytes of the first file tell nothing about the rest.
      ...(done >= FILE_COSTS_BYTES ? [`${duration(seconds * (total / done - 1))} left`] : []),
    ];
    return { share: done / Math.max(total, 1), text: parts.join(', ') };
  };

  const stop = terminal.bar(look);
  return {
    found(files, bytes) {
      sums.files += files;
      sums.bytes += bytes;
    },
    foundAll: () => void (isCounted = true),
    finished(bytes) {
      sums.doneFiles += 1;
      sums.doneBytes += bytes;
    },
    transferred: (bytes) => void (sums.transferredBytes += bytes),
    stop,
  };
}
