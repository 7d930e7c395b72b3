import { randomUUID } from 'node:crypto';
import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import type { Config } from './config';
import { statusOf } from './foreign-error';
import { logging } from './ghost-host';
import { explainProxy, throughProxies } from './proxies';
import { retry } from './retry';
import { credentialsOf } from './s3/client';

/** How long (ms) to batch paths before sending them: replacing a thumbnail is a delete and a save. */
const BATCH_MS = 500;

/**
 * CloudFront's limit of paths in progress for one distribution.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-invalidations
 */
const MAX_PATHS = 3000;

/** Mean pauses (ms). Invalidations in progress take about a minute, so the last attempt always comes after that. */
const PAUSES_MS = [0, 2_000, 15_000, 120_000];

/** How many deleted URLs are remembered. Ghost reuses a name at once or never. */
const MAX_REMEMBERED = 10_000;

/** Errors with status 400 that are only temporary. */
const TOO_MUCH = /^(Throttl|TooManyInvalidations|TooManyRequests|RequestLimitExceeded)/;

const SHUTDOWN_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

const byDistribution = new Map<string, Invalidations>();

/** The path of image sizes without a tenant prefix. */
const SIZES = '/content/images/size/';

/**
 * Returns the paths under which CloudFront may have copies of a URL. Its function for image sizes removes the tenant prefix,
 * so it has them under the path without the prefix.
 *
 * @param url a file, or `/*` at its end for everything below
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
 */
export function pathsOnCdn(url: string, { tenantPrefix }: Pick<Config, 'tenantPrefix'>): string[] {
  // CloudFront expects the path as visitors request it: with the base path of the CDN, and percent-encoded.
  const { pathname } = new URL(url);
  const prefix = `/${tenantPrefix}`;
  if (tenantPrefix !== '' && pathname === `${prefix}/content/images/*`) {
    return [pathname, `${SIZES}*`];
  }
  const isSize = tenantPrefix !== '' && pathname.startsWith(prefix + SIZES);
  return isSize ? [pathname, pathname.slice(prefix.length)] : [pathname];
}

/**
 * Returns the invalidations for the distribution of a configuration, or undefined when none is configured. Instances of
 * the adapter share them when they have the same distribution and keys.
 */
export function invalidationsFor(config: Config): Invalidations | undefined {
  const { distributionId } = config;
  if (!distributionId) {
    return undefined;
  }
  const identity = JSON.stringify([distributionId, credentialsOf(config)]);
  let invalidations = byDistribution.get(identity);
  if (!invalidations) {
    invalidations = new Invalidations(distributionId, config);
    byDistribution.set(identity, invalidations);
  }
  return invalidations;
}

/** Collects the URLs of changed files, and invalidates them on the CDN in batches. */
export class Invalidations {
  private readonly paths = new Set<string>();
  private readonly deletedUrls = new Set<string>();
  private timer?: NodeJS.Timeout;
  private client?: CloudFrontClient;

  constructor(
    private readonly distributionId: string,
    private readonly config: Config,
  ) {}

  deleted(url: string): void {
    this.add(url);
    // Moves a URL that was deleted before to the end, so that the oldest one comes first.
    this.deletedUrls.delete(url);
    this.deletedUrls.add(url);
    if (this.deletedUrls.size > MAX_REMEMBERED) {
      const [oldest = ''] = this.deletedUrls;
      this.deletedUrls.delete(oldest);
    }
  }

  overwritten(url: string): void {
    this.add(url);
  }

  /** Invalidates everything below a URL: one or two paths, however many files were replaced. */
  overwrittenBelow(url: string): void {
    this.add(`${url}/*`);
  }

  /**
   * To be called after a file was stored under a free name. If a delete had freed the name, the CDN may have cached the
   * former bytes or the 404 in between.
   */
  stored(url: string): void {
    if (this.deletedUrls.delete(url)) {
      this.add(url);
      // The file has been replaced, so there is no reason to wait: Ghost may shut down within milliseconds.
      this.send();
    }
  }

  private add(url: string): void {
    pathsOnCdn(url, this.config).forEach((path) => this.paths.add(path));
    if (!this.timer) {
      this.timer = setTimeout(this.send, BATCH_MS);
      for (const signal of SHUTDOWN_SIGNALS) {
        // If this were the only listener, the signal would no longer end the process.
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

  /** Sends one invalidation. A failure is only logged: the change itself succeeded, and CDN caches expire. */
  private async invalidate(paths: string[]): Promise<void> {
    // All attempts have the same reference, so that CloudFront creates only one invalidation.
    const CallerReference = randomUUID();
    // The process may end during a pause.
    const retries = { pausesMs: PAUSES_MS, isTransient, ref: false };
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
      // CloudFront is a global service whose requests are signed for this region.
      region: 'us-east-1',
      credentials: credentialsOf(this.config),
      maxAttempts: this.config.maxAttempts,
      ...(await throughProxies({
        connectionTimeout: this.config.requestTimeoutMs,
        requestTimeout: this.config.requestTimeoutMs,
        throwOnRequestTimeout: true,
      })),
    });
  }

  private describe(error: unknown, paths: string[]): string {
    const { name } = error as Error;
    const shown = paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${paths.length - 5} more` : paths.join(', ');
    const [reason = name, help] = explainProxy(error) ?? [];
    return (
      `S3CloudFrontStorage: the distribution "${this.distributionId}" could not invalidate ${shown} (${reason}). ` +
      `Visitors may get the old files until they expire in the CDN. ` +
      (help ?? 'Check "distributionId", and that Ghost has the permission cloudfront:CreateInvalidation.')
    );
  }
}

/** Returns whether another attempt may succeed: CloudFront throttles or fails, or there was no response. */
function isTransient(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status >= 500 || status === 429 || TOO_MUCH.test((error as Error).name);
}
