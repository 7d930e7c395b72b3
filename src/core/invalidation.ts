import { randomUUID } from 'node:crypto';
import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import type { Config } from './config';
import { statusOf } from './foreign-error';
import { logging } from './ghost-host';
import { retry } from './retry';
import { credentialsOf } from './s3/client';

/** So long paths are gathered before they are sent, in milliseconds: replacing a thumbnail is a delete and a save. */
const GATHERING_MS = 500;

/**
 * CloudFront's limit of paths under way for one distribution.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-invalidations
 */
const MAX_PATHS = 3000;

/** How long (ms) to wait before each attempt: invalidations that are under way take about a minute. */
const PAUSES_MS = [0, 2_000, 15_000, 60_000];

/** How many deleted names are remembered. Ghost gives a name again at once or never. */
const MAX_REMEMBERED = 10_000;

/** Tells the CDN which of the files that it may hold have changed; all by their URLs on the CDN. */
export interface Invalidations {
  /** The file has been deleted. */
  deleted(url: string): void;
  /** The file has other bytes than before. */
  overwritten(url: string): void;
  /**
   * The file has been stored under a name that was free. If it was freed by a delete, the CDN may have fetched the
   * former bytes, or the 404, in between.
   */
  stored(url: string): void;
}

/**
 * @returns what gathers invalidations for the distribution of a configuration, or undefined when it names none. The
 * instances of one distribution share theirs when they have the same keys.
 */
export function invalidationsFor(config: Config): Invalidations | undefined {
  const { distributionId } = config;
  if (!distributionId) {
    return undefined;
  }
  const identity = JSON.stringify([distributionId, credentialsOf(config)]);
  let gathered = byDistribution.get(identity);
  if (!gathered) {
    gathered = new GatheredInvalidations(distributionId, config);
    byDistribution.set(identity, gathered);
  }
  return gathered;
}

class GatheredInvalidations implements Invalidations {
  private readonly paths = new Set<string>();
  private readonly deletedUrls = new Set<string>();
  private timer?: NodeJS.Timeout;
  private client?: CloudFrontClient;

  constructor(
    private readonly distributionId: string,
    private readonly config: Config,
  ) {}

  deleted(url: string): void {
    this.gather(url);
    // Deleted again, it is the youngest.
    this.deletedUrls.delete(url);
    this.deletedUrls.add(url);
    if (this.deletedUrls.size > MAX_REMEMBERED) {
      const [oldest = ''] = this.deletedUrls;
      this.deletedUrls.delete(oldest);
    }
  }

  overwritten(url: string): void {
    this.gather(url);
  }

  stored(url: string): void {
    if (this.deletedUrls.delete(url)) {
      this.gather(url);
      // The replacement is complete. Whatever else is gathered need not wait either: Ghost ends within milliseconds of
      // being told to.
      this.send();
    }
  }

  private gather(url: string): void {
    // The path as viewers ask for it: with the base path of the CDN, and percent-encoded.
    this.paths.add(new URL(url).pathname);
    if (!this.timer) {
      this.timer = setTimeout(this.send, GATHERING_MS);
      for (const signal of SHUTDOWN_SIGNALS) {
        // Where nobody else listens, a listener would keep the signal from ending the process.
        if (process.listenerCount(signal) > 0) {
          process.once(signal, this.send);
        }
      }
    }
  }

  private readonly send = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const signal of SHUTDOWN_SIGNALS) {
      process.off(signal, this.send);
    }
    const paths = [...this.paths];
    this.paths.clear();
    for (let from = 0; from < paths.length; from += MAX_PATHS) {
      void this.invalidate(paths.slice(from, from + MAX_PATHS));
    }
  };

  /** Never fails: what the editor did is done, and the CDN forgets by itself in time. */
  private async invalidate(paths: string[]): Promise<void> {
    // The same for all attempts, so that CloudFront makes one invalidation of them.
    const CallerReference = randomUUID();
    // A process that has nothing else to do need not wait for it.
    const retries = { pausesMs: PAUSES_MS, isTransient: isPassing, ref: false };
    await retry(async () => {
      const { CreateInvalidationCommand } = await (await import('./lazy/aws-sdk')).loadCloudFront();
      this.client ??= await this.connect();
      await this.client.send(
        new CreateInvalidationCommand({
          DistributionId: this.distributionId,
          InvalidationBatch: { CallerReference, Paths: { Quantity: paths.length, Items: paths } },
        }),
      );
    }, retries).catch((error: unknown) => logging.error(this.describe(error, paths)));
  }

  private async connect(): Promise<CloudFrontClient> {
    const { CloudFrontClient } = await (await import('./lazy/aws-sdk')).loadCloudFront();
    return new CloudFrontClient({
      // CloudFront is one service for all regions, and signs for this one.
      region: 'us-east-1',
      credentials: credentialsOf(this.config),
      maxAttempts: this.config.maxAttempts,
      requestHandler: {
        connectionTimeout: this.config.requestTimeoutMs,
        requestTimeout: this.config.requestTimeoutMs,
        throwOnRequestTimeout: true,
      },
    });
  }

  private describe(error: unknown, paths: string[]): string {
    const { name } = error as Error;
    const shown = paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${paths.length - 5} more` : paths.join(', ');
    return (
      `S3CloudFrontStorage: the distribution "${this.distributionId}" could not be told to forget ${shown} (${name}). ` +
      'Visitors may see the former files until the CDN drops them. Check "distributionId", and that Ghost is allowed ' +
      'cloudfront:CreateInvalidation.'
    );
  }
}

/** Errors that come with status 400 and pass. */
const TOO_MUCH = /^(Throttl|TooManyInvalidations|TooManyRequests|RequestLimitExceeded)/;

const SHUTDOWN_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

const byDistribution = new Map<string, GatheredInvalidations>();

/** Whether another attempt may work: too much at once, or CloudFront or the network failing. */
function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status >= 500 || status === 429 || TOO_MUCH.test((error as Error).name);
}
