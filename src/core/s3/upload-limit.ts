import { Semaphore } from 'async-mutex';
import type { Config } from '../config';

// Ghost's importer saves all files of a ZIP file at once. A limit for each upload would not limit their total.

const MIB = 1024 * 1024;

/** Memory is counted in pieces of this size (bytes): the semaphore takes time for each unit of its value. */
const PIECE_BYTES = 64 * 1024;

/** How long (ms) a buffer is kept for the next upload. */
const KEPT_MS = 10_000;

interface Limit {
  semaphore: Semaphore;
  amount: number;
}

/** The limits of the process: `file`, `bytes` and `memory`. */
const limits = new Map<string, Limit>();

/** Returns the limit that all instances of the adapter share. If their settings differ, the largest one applies. */
function limitOf(what: string, amount: number): Semaphore {
  const limit = limits.get(what) ?? { semaphore: new Semaphore(amount), amount };
  limits.set(what, limit);
  if (amount > limit.amount) {
    limit.semaphore.release(amount - limit.amount);
    limit.amount = amount;
  }
  return limit.semaphore;
}

/**
 * Runs an upload as soon as fewer than `maxConcurrentUploads` uploads of the process are running. It opens no file
 * before that. Uploads start in the order of the calls.
 *
 * @param kind bytes that Ghost has produced for a visitor never wait for uploads of files
 */
export function inTurn<T>(
  { maxConcurrentUploads }: Config,
  kind: 'file' | 'bytes',
  upload: () => Promise<T>,
): Promise<T> {
  return limitOf(kind, maxConcurrentUploads).runExclusive(upload);
}

/** A buffer that counts toward the memory of the uploads until it is given back. */
export interface UploadBuffer {
  buffer: Buffer;
  /**
   * To be called once, when nothing uses the buffer any more.
   *
   * @param isSent false when a request with it has failed, and may still be on its way: the buffer is not used again
   */
  giveBack: (isSent: boolean) => void;
}

/**
 * Returns a buffer as soon as the uploads of the process leave enough memory for it.
 *
 * @param bytes its length. More than `uploadMemoryBytes` count as `uploadMemoryBytes`, so that it does not wait forever
 */
export async function takeBuffer({ uploadMemoryBytes }: Config, bytes: number): Promise<UploadBuffer> {
  const capacity = capacityFor(bytes);
  const pieces = (amount: number) => Math.max(1, Math.ceil(amount / PIECE_BYTES));
  const all = pieces(uploadMemoryBytes);
  const [, release] = await limitOf('memory', all).acquire(Math.min(pieces(capacity), all));
  let whole: Buffer;
  try {
    whole = takeIdle(capacity, uploadMemoryBytes) ?? Buffer.allocUnsafeSlow(capacity);
  } catch (error) {
    // The machine has no memory left.
    release();
    throw error;
  }
  usedBytes += capacity;
  return {
    buffer: whole.subarray(0, bytes),
    giveBack: (isSent) => {
      usedBytes -= capacity;
      if (isSent) {
        keep(whole);
      }
      release();
    },
  };
}

// Node frees the memory of a large buffer long after its last use, so large buffers are reused.

/** Buffers to reuse, the most recently returned one last. */
let idle: Buffer[] = [];
/** Total size (bytes) of the buffers in use. */
let usedBytes = 0;
let timer: NodeJS.Timeout | undefined;

/** Rounds up sizes from 1 MiB on to 1, 1.5, 2, 3, 4, 6, 8 MiB and so on, so that buffers fit more than one file. */
function capacityFor(bytes: number): number {
  const power = 2 ** Math.floor(Math.log2(bytes / MIB)) * MIB;
  return bytes < MIB ? bytes : ([power, 1.5 * power].find((capacity) => capacity >= bytes) ?? 2 * power);
}

function takeIdle(capacity: number, maxBytes: number): Buffer | undefined {
  const index = idle.findIndex(({ byteLength }) => byteLength === capacity);
  if (index >= 0) {
    return idle.splice(index, 1)[0];
  }
  // Makes room: idle buffers and those in use never take more memory than the uploads may take.
  while (idle.length > 0 && sum(idle) + usedBytes + capacity > maxBytes) {
    idle.shift();
  }
  return undefined;
}

const sum = (buffers: Buffer[]): number => buffers.reduce((bytes, { byteLength }) => bytes + byteLength, 0);

function keep(buffer: Buffer): void {
  if (buffer.byteLength >= MIB) {
    idle.push(buffer);
    timer ??= setTimeout(forgetIdle, KEPT_MS).unref();
    timer.refresh();
  }
}

function forgetIdle(): void {
  idle = [];
  timer = undefined;
}
