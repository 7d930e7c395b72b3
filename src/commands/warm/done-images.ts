import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { readRegularFile } from '../../shell/read-file';
import { userFolder } from '../../shell/user-folder';
import type { WarmedImage } from './tally';

/** How long (ms) a run that was stopped can be continued. The CDN may not have the images any more after that. */
const CONTINUED_MS = 86_400_000;

/** The largest file (bytes) that is read: that of 200,000 images, with a margin. */
const MAX_BYTES = 32_000_000;

/** A line: the hash of the URL, the time (s), the bytes without and with WebP, and whether it was WebP. */
const LINE = /^([\da-f]{32}) (\d{1,12}) (\d{1,12}) (\d{1,12}|-) ([01])$/;

/**
 * The images that earlier runs for a CDN have requested, in a file in the user's configuration folder. The CDN would answer
 * quickly for them, but thousands of requests are slow. Where the file cannot be written, a run starts from the beginning.
 */
export class DoneImages {
  private readonly results = new Map<string, WarmedImage & { time: number }>();
  private opened?: number;
  /** Whether the file has more than the results: lines that are too old, or too many lines to be read. */
  private hasMore = true;

  private constructor(
    /** The path of the file. */
    readonly file: string,
    private readonly asOwner: ReturnType<typeof userFolder>['asOwner'],
  ) {}

  /** @param imagesUrl what the URLs of all images start with */
  static open(imagesUrl: string, environment: NodeJS.ProcessEnv = process.env): DoneImages {
    const folder = userFolder(environment);
    const done = new DoneImages(path.join(folder.path, `warm-${hashOf(imagesUrl).slice(0, 16)}.txt`), folder.asOwner);
    tryTo(() => folder.asOwner(() => done.read()));
    tryTo(() => folder.asOwner(() => done.openForAppending()));
    return done;
  }

  get count(): number {
    return this.results.size;
  }

  resultOf(url: string): WarmedImage | undefined {
    return this.results.size === 0 ? undefined : this.results.get(hashOf(url));
  }

  add(url: string, result: WarmedImage): void {
    const { opened } = this;
    if (opened !== undefined) {
      const line = lineOf(hashOf(url), { ...result, time: Math.round(Date.now() / 1000) });
      tryTo(() => writeSync(opened, line));
    }
  }

  /** Removes the results of sizes that were not sent as WebP. */
  removeWithoutWebp(): void {
    this.results.forEach(({ bytesWithWebp, isWebp }, hash) => {
      if (bytesWithWebp !== undefined && isWebp !== true) {
        this.results.delete(hash);
      }
    });
  }

  /** Closes the file. */
  close(): void {
    if (this.opened !== undefined) {
      closeSync(this.opened);
      this.opened = undefined;
    }
  }

  /** Deletes the file, so that the next run requests everything. */
  forget(): void {
    this.close();
    tryTo(() => this.asOwner(() => rmSync(this.file, { force: true })));
  }

  private read(): void {
    const { bytes } = readRegularFile(this.file, MAX_BYTES);
    const oldest = (Date.now() - CONTINUED_MS) / 1000;
    this.hasMore = false;
    for (const line of bytes.toString('latin1').split('\n')) {
      const [, hash, time, without, withWebp, isWebp] = LINE.exec(line) ?? [];
      if (hash === undefined) {
        continue;
      }
      if (Number(time) >= oldest) {
        const bytesWithWebp = withWebp === '-' ? undefined : Number(withWebp);
        this.results.set(hash, { bytes: Number(without), bytesWithWebp, isWebp: isWebp === '1', time: Number(time) });
      } else {
        this.hasMore = true;
      }
    }
  }

  private openForAppending(): void {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
    mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
    const opened = openSync(this.file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    const stats = fstatSync(opened);
    if (!stats.isFile() || stats.nlink > 1) {
      closeSync(opened);
      return;
    }
    if (this.hasMore) {
      // Otherwise the file would grow with every run that does not finish.
      ftruncateSync(opened);
      this.results.forEach((result, hash) => writeSync(opened, lineOf(hash, result)));
    }
    // A run that was killed may have left a part of a line.
    writeSync(opened, '\n');
    this.opened = opened;
  }
}

const lineOf = (hash: string, { time, bytes, bytesWithWebp, isWebp = false }: WarmedImage & { time: number }): string =>
  `${[hash, time, bytes, bytesWithWebp ?? '-', isWebp ? 1 : 0].join(' ')}\n`;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

function tryTo(step: () => unknown): void {
  try {
    step();
  } catch {
    // The file only saves time.
  }
}
