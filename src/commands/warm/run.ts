import { retry } from '../../core/retry';
import { Failure } from '../../shell/failure';
import { type Client, isTransient } from './client';
import type { WarmSettings } from './settings';
import type { Tally } from './tally';
import type { Target } from './target';

/** Pauses (ms) before the attempts of a request: CloudFront caches the errors of Ghost for some seconds. */
export const PAUSES_MS: readonly number[] = [0, 2_000, 8_000];

/** How many requests in a row may fail although they were repeated. After that, the servers need a rest. */
const MAX_FAILURES_IN_A_ROW = 10;

/** What the steps of a run share. */
export class Run {
  /** Why the run ended early, if not because of the user. */
  failure?: Failure;
  private failuresInARow = 0;

  /**
   * @param signal aborted when the user stops the command
   * @param pausesMs before each attempt of a request
   */
  constructor(
    readonly target: Target,
    readonly settings: WarmSettings,
    readonly client: Client,
    readonly tally: Tally,
    private readonly signal: AbortSignal,
    private readonly pausesMs: readonly number[],
  ) {}

  get isStopped(): boolean {
    return this.signal.aborted || this.failure !== undefined;
  }

  /** Repeats a request until it succeeds, or throws the error of the last attempt. */
  async attempt<T>(request: () => Promise<T>): Promise<T> {
    try {
      const result = await retry(request, { pausesMs: this.pausesMs, isTransient, signal: this.signal });
      this.failuresInARow = 0;
      return result;
    } catch (error) {
      this.failuresInARow = isTransient(error) ? this.failuresInARow + 1 : 0;
      if (this.failuresInARow === MAX_FAILURES_IN_A_ROW && !this.signal.aborted) {
        this.failure = new Failure(
          `${MAX_FAILURES_IN_A_ROW} requests in a row failed, so no more were sent.`,
          'Check the blog and the CDN with doctor. Then run the same command again to continue.',
        );
      }
      throw error;
    }
  }

  /** Runs a job for each item, as many at a time as the settings allow, until the run is stopped. */
  async forEach<T>(items: ReadonlySet<T>, job: (item: T) => Promise<void>): Promise<void> {
    // All workers take from the same iterator.
    const waiting = items.values();
    const work = async () => {
      for (const item of waiting) {
        if (this.isStopped) {
          return;
        }
        await job(item);
      }
    };
    await Promise.all(Array.from({ length: this.settings.concurrency }, work));
  }

  /** Reports a page or an image that failed, unless it failed because the user stopped the command. */
  reportFailure(kind: 'page' | 'image', url: string, error: unknown): void {
    if (!this.signal.aborted) {
      this.tally.failed(kind, url, error);
    }
  }
}
