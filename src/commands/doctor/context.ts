import { type AdapterConfigs, readAdapterConfigs } from '../../ghost-site/adapter-config';
import type { AdapterOptions } from '../../ghost-site/options';
import { Failure } from '../../shell/failure';
import { adapterOf, type GhostConfig, storageOf } from '../../ghost-site/config';
import { ADAPTER, type Feature, FEATURES } from '../../core/features';
import { findGhostSite, type GhostSite, type GhostSiteOptions } from '../../ghost-site/site';
import type { Config } from '../../core/config';
import { type Answer, get, type Network } from './network';
import type { OwnImage } from './files/own-image';
import { Probes } from './probes';

/** Limits for requests to S3, so that a missing answer is noticed in seconds rather than minutes. */
const MAX_ATTEMPTS = 2;
const MAX_REQUEST_MS = 10_000;

/** The error caching TTL of the stack, a minute, with a margin. */
const CDN_ERROR_TTL_MS = 75_000;

const IMAGE_COUNT = 5;

/** The options of the command line. */
export interface DoctorOptions extends GhostSiteOptions, AdapterOptions {
  /** The AWS profile to authenticate with. */
  profile?: string;
  /** Print the results as JSON. */
  json?: boolean;
  /** The file to write a page with the results to. */
  html?: string;
  /** Print everything that was found, including status codes and skipped checks. */
  verbose?: boolean;
}

/** The settings of a context in addition to the command-line options. */
export interface ContextSettings {
  network: Network;
  /** Stops the checks. */
  signal: AbortSignal;
  /** The Ghost to check. Its `config` may be a planned change of its file. Default: the one that the options name. */
  site?: GhostSite;
  /** How many of the blog's own images to request from the CDN; default: 5. */
  imageCount?: number;
  /** How long (ms) the CDN may cache that a file is missing. */
  cdnErrorTtlMs?: number;
  /** The environment that Ghost's configuration is read with; default: that of this process. */
  environment?: NodeJS.ProcessEnv;
}

/** The configuration to check, the connections to its servers, and the answers that several checks share. */
export class DoctorContext {
  /** Ghost, or the reason it was not found. */
  readonly siteOrFailure: GhostSite | Failure;
  /** The features that use the adapter; all of them when none does yet. */
  readonly features: Feature[];
  readonly network: Network;
  /** Aborted when the user stops the command. */
  readonly signal: AbortSignal;
  /** How long (ms) the CDN may cache that a file is missing. */
  readonly cdnErrorTtlMs: number;

  /** How many of the blog's own images to request from the CDN. */
  readonly imageCount: number;
  /** The images that were requested. */
  readonly ownImages: OwnImage[] = [];
  /** False when Ghost is on this machine and stores nothing with the adapter. Its options alone change nothing. */
  readonly isActive: boolean;

  private readonly configs: AdapterConfigs | Failure;
  private createdProbes?: Probes;
  private readonly answers = new Map<string, Promise<unknown>>();

  constructor(
    readonly options: DoctorOptions,
    given: ContextSettings,
  ) {
    this.network = given.network;
    this.signal = given.signal;
    this.imageCount = given.imageCount ?? IMAGE_COUNT;
    this.cdnErrorTtlMs = given.cdnErrorTtlMs ?? CDN_ERROR_TTL_MS;
    this.siteOrFailure = given.site ?? valueOrFailure(() => findGhostSite(options, given.environment ?? process.env));
    this.configs = valueOrFailure(() => readAdapterConfigs(this.ghostConfig, options, this.site?.configFile));
    const storage = storageOf(this.ghostConfig);
    const used = FEATURES.filter((feature) => adapterOf(storage, feature) === ADAPTER);
    this.isActive = used.length > 0 || this.site === undefined;
    this.features = used.length > 0 ? used : [...FEATURES];
  }

  get site(): GhostSite | undefined {
    return this.siteOrFailure instanceof Failure ? undefined : this.siteOrFailure;
  }

  /** Ghost's configuration; empty when Ghost was not found. */
  get ghostConfig(): GhostConfig {
    return this.site?.config ?? {};
  }

  /** The origin of the blog; undefined when Ghost's configuration has no valid one. */
  get siteUrl(): string | undefined {
    const { url } = this.ghostConfig;
    return typeof url === 'string' && URL.canParse(url) ? url.replace(/\/+$/, '') : undefined;
  }

  /** The adapter's configuration for the first feature that uses it. */
  get config(): Config {
    return this.configOf(this.features[0] ?? 'images');
  }

  /**
   * Returns the adapter's configuration for a feature, with the limits above.
   *
   * @throws Failure that lists every problem in it
   */
  configOf(feature: Feature): Config {
    if (this.configs instanceof Failure) {
      throw this.configs;
    }
    const config = this.configs[feature];
    return {
      ...config,
      maxAttempts: Math.min(config.maxAttempts, MAX_ATTEMPTS),
      requestTimeoutMs: Math.min(config.requestTimeoutMs, MAX_REQUEST_MS),
    };
  }

  /** Whether the CDN is the blog's own host. */
  get isOwnCdn(): boolean {
    return this.siteUrl !== undefined && new URL(this.siteUrl).host === new URL(this.config.cdnUrl).host;
  }

  /** The test images for the bucket. */
  get probes(): Probes {
    this.createdProbes ??= new Probes(this.features.map((feature) => [feature, this.configOf(feature)] as const));
    return this.createdProbes;
  }

  /** Requests a URL; aborted when the user stops the command. */
  get(url: string, headers?: Record<string, string>): Promise<Answer> {
    return get(this.network, url, { headers, signal: this.signal });
  }

  /** Returns the first answer for a URL, for all checks that need it. */
  getOnce(url: string): Promise<Answer> {
    return this.once(`GET ${url}`, () => this.get(url));
  }

  /** Runs something once, and returns its result to every caller with the same name. */
  once<T>(name: string, run: () => Promise<T>): Promise<T> {
    const answer = (this.answers.get(name) as Promise<T> | undefined) ?? run();
    this.answers.set(name, answer);
    return answer;
  }

  /** Deletes what the checks stored in the bucket, and returns the keys that are left. */
  async cleanUp(): Promise<string[]> {
    return (await this.createdProbes?.deleteAll()) ?? [];
  }
}

function valueOrFailure<T>(run: () => T): T | Failure {
  try {
    return run();
  } catch (error) {
    if (error instanceof Failure) {
      return error;
    }
    const { code, path, message } = error as NodeJS.ErrnoException;
    if (code === undefined) {
      throw error;
    }
    return new Failure(
      `${path ?? "Ghost's configuration"} cannot be read (${message}).`,
      'Run the command as a user who can read it, preferably as the user that Ghost runs as: sudo -u ghost …',
      { cause: error },
    );
  }
}
