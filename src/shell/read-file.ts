import { closeSync, constants, fstatSync, lstatSync, openSync, opendirSync, readSync, type Stats } from 'node:fs';

/** What a path may be instead of a file. */
const KINDS = [
  ['isDirectory', 'is a folder'],
  ['isSymbolicLink', 'is a link'],
  ['isFIFO', 'is a FIFO'],
  ['isSocket', 'is a socket'],
  ['isBlockDevice', 'is a device'],
  ['isCharacterDevice', 'is a device'],
] as const;

/** Thrown for a path that is not a regular file, or a file that is too large. */
export class UnsuitableFile extends Error {
  override readonly name = 'UnsuitableFile';
  /** `is a FIFO` */
  readonly code: string;

  constructor(
    file: string,
    what: string,
    readonly isTooLarge = false,
  ) {
    super(`${file} ${what}`);
    this.code = what;
  }
}

/**
 * Reads a small file that another user may replace at any moment: follows no link at its end, and waits for no FIFO.
 *
 * @param limit the largest size that it may have, in bytes
 * @throws UnsuitableFile when it is not a regular file or too large, and the errors of `fs`
 */
export function readRegularFile(file: string, limit: number): { bytes: Buffer; stats: Stats } {
  // Opening a device can have an effect, so its kind is looked at before and after.
  refuseIrregular(file, lstatSync(file));
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const opened = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = fstatSync(opened);
    refuseIrregular(file, stats);
    if (stats.size > limit) {
      throw new UnsuitableFile(file, `has more than ${limit} bytes`, true);
    }
    return { bytes: readUpTo(opened, file, limit), stats };
  } finally {
    closeSync(opened);
  }
}

/** @throws UnsuitableFile when it is not a regular file */
export function refuseIrregular(file: string, stats: Stats): void {
  const [, what = 'is not a file'] = KINDS.find(([kind]) => stats[kind]()) ?? [];
  if (!stats.isFile()) {
    throw new UnsuitableFile(file, what);
  }
}

/** Returns up to as many names in a folder as the limit says; none when it cannot be read. */
export function someNamesIn(folder: string, limit = 10_000): string[] {
  const names: string[] = [];
  try {
    const opened = opendirSync(folder);
    try {
      for (let entry = opened.readSync(); entry && names.length < limit; entry = opened.readSync()) {
        names.push(entry.name);
      }
    } finally {
      opened.closeSync();
    }
  } catch {
    return [];
  }
  return names;
}

function readUpTo(opened: number, file: string, limit: number): Buffer {
  const parts: Buffer[] = [];
  for (let length = 0; ;) {
    const part = Buffer.alloc(64 * 1024);
    const count = readSync(opened, part);
    parts.push(part.subarray(0, count));
    length += count;
    if (count === 0) {
      return Buffer.concat(parts);
    }
    if (length > limit) {
      throw new UnsuitableFile(file, `has more than ${limit} bytes`, true);
    }
  }
}
