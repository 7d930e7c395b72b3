import { reasonOf } from './client';

/** Something that failed. */
export interface Failed {
  kind: 'page' | 'image';
  url: string;
  /** `answered 404` */
  reason: string;
}

/** The result of the requests for an image. */
export interface WarmedImage {
  /** Without WebP. */
  bytes: number;
  /** Of a size: with WebP, if the CDN has it. */
  bytesWithWebp?: number;
  /** Of a size: whether it was sent as WebP. */
  isWebp?: boolean;
}

/** The result of a run; `--json` prints it. */
export interface Summary {
  pages: { read: number; failed: number };
  /** The sizes that Ghost creates. */
  sizes: { count: number; bytes: number; bytesWithWebp: number; sentAsWebp: number };
  otherImages: { count: number; bytes: number };
  /** How many of the images an earlier run had requested. */
  fromEarlierRun: number;
  /** The sizes in place of which visitors get the full image. */
  redirected: string[];
  failures: Failed[];
  /** Whether the run reached its end, and nothing failed. */
  complete: boolean;
}

/** Counts the results of a run. */
export class Tally {
  private pagesRead = 0;
  private readonly sizes = { count: 0, bytes: 0, bytesWithWebp: 0, sentAsWebp: 0 };
  private readonly otherImages = { count: 0, bytes: 0 };
  private fromEarlierRun = 0;
  private readonly redirected: string[] = [];
  private readonly failures: Failed[] = [];

  read(): void {
    this.pagesRead += 1;
  }

  /** @param isEarlier whether an earlier run requested it */
  warmed({ bytes, bytesWithWebp, isWebp = false }: WarmedImage, isEarlier = false): void {
    this.fromEarlierRun += isEarlier ? 1 : 0;
    const sums = bytesWithWebp === undefined ? this.otherImages : this.sizes;
    sums.count += 1;
    sums.bytes += bytes;
    this.sizes.bytesWithWebp += bytesWithWebp ?? 0;
    this.sizes.sentAsWebp += isWebp ? 1 : 0;
  }

  redirectedTo(url: string): void {
    this.redirected.push(url);
  }

  failed(kind: Failed['kind'], url: string, error: unknown): void {
    this.failures.push({ kind, url, reason: reasonOf(error) });
  }

  /** How many pages or images are finished, whatever their outcome. */
  finished(kind: Failed['kind']): number {
    const done = kind === 'page' ? this.pagesRead : this.sizes.count + this.otherImages.count + this.redirected.length;
    return done + this.failures.filter((failed) => failed.kind === kind).length;
  }

  get failureCount(): number {
    return this.failures.length;
  }

  /** How many bytes were sent. */
  get bytes(): number {
    return this.sizes.bytes + this.sizes.bytesWithWebp + this.otherImages.bytes;
  }

  /** @param isAtEnd whether the run reached its end */
  summary(isAtEnd: boolean): Summary {
    const { sizes, otherImages, fromEarlierRun, redirected, failures } = this;
    const failed = failures.filter(({ kind }) => kind === 'page').length;
    const pages = { read: this.pagesRead, failed };
    const complete = isAtEnd && failures.length === 0;
    return { pages, sizes, otherImages, fromEarlierRun, redirected, failures, complete };
  }
}
