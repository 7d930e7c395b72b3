import { type AdapterConfigs, type AdapterOptions, readAdapterConfigs } from '../../ghost-site/adapter-config';
import { Failure } from '../../shell/failure';
import { adapterOf, type GhostConfig, storageOf } from '../../ghost-site/config';
import { ADAPTER, type Feature, FEATURES } from '../../core/features';
import { findGhostSite, type GhostSite, type GhostSiteOptions } from '../../ghost-site/site';
import type { Config } from '../../core/config';
import type { Network } from './network';
import { Probes } from './probes';

/** So often, and so long in milliseconds, S3 is asked: what does not answer is found in seconds and not in minutes. */
const MAX_ATTEMPTS = 2;
const MAX_REQUEST_MS = 10_000;

/** A minute, as the stack has it, and what a CDN takes besides. */
const PATIENCE_MS = 75_000;

/** Where a set-up is looked at from. */
export interface Surroundings {
  network: Network;
  signal: AbortSignal;
  patienceMs?: number;
  environment?: NodeJS.ProcessEnv;
}

export interface SetUpOptions extends GhostSiteOptions, AdapterOptions {
  /** Of AWS's configuration, to sign in with. */
  profile?: string;
}

/** A set-up that is looked at: what its configuration says, and what checks have found out for those after them. */
export class SetUp {
  /** Ghost, or why it was not found. */
  readonly site: GhostSite | Failure;
  /** The features that use the adapter; all of them where none does yet. */
  readonly features: Feature[];
  private readonly configs: AdapterConfigs | Failure;
  private foundProbes?: Probes;
  private readonly facts = new Map<string, Promise<unknown>>();

  /** The way to the CDN and to Ghost. */
  readonly network: Network;
  /** Aborted when the user has had enough. */
  readonly signal: AbortSignal;
  /** How long the CDN may remember that something is not there. */
  readonly patienceMs: number;

  /** @param options of the command line */
  constructor(
    readonly options: SetUpOptions,
    { network, signal, patienceMs = PATIENCE_MS, environment = process.env }: Surroundings,
  ) {
    this.network = network;
    this.signal = signal;
    this.patienceMs = patienceMs;
    this.site = resultOf(() => findGhostSite(options, environment));
    this.configs = resultOf(() => readAdapterConfigs(this.ghostConfig, options));
    const storage = storageOf(this.ghostConfig);
    const used = FEATURES.filter((feature) => adapterOf(storage, feature) === ADAPTER);
    this.features = used.length > 0 ? used : [...FEATURES];
  }

  /** Ghost's configuration; empty where Ghost was not found. */
  get ghostConfig(): GhostConfig {
    return this.site instanceof Failure ? {} : this.site.config;
  }

  /** The adapter's configuration for the first feature that uses it, with the patience of a doctor. */
  get config(): Config {
    return this.configOf(this.features[0] ?? 'images');
  }

  /**
   * @returns the adapter's configuration for a feature, with the patience of a doctor
   * @throws Failure with everything that is wrong in it
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

  /** What is put into the bucket to see what becomes of it. */
  get probes(): Probes {
    this.foundProbes ??= new Probes(this.features.map((feature) => [feature, this.configOf(feature)] as const));
    return this.foundProbes;
  }

  /**
   * Finds something out once, for all checks that want to know.
   *
   * @param name of the fact
   * @param find finds it out
   */
  fact<T>(name: string, find: () => Promise<T>): Promise<T> {
    const fact = (this.facts.get(name) as Promise<T> | undefined) ?? find();
    this.facts.set(name, fact);
    return fact;
  }

  /** The origin of the blog as visitors see it; undefined where Ghost's configuration does not tell. */
  get siteUrl(): string | undefined {
    const { url } = this.ghostConfig;
    return typeof url === 'string' && URL.canParse(url) ? url.replace(/\/+$/, '') : undefined;
  }

  /** Whether the blog itself is the CDN, or what stands before it. */
  get isOwnCdn(): boolean {
    return this.siteUrl !== undefined && new URL(this.siteUrl).host === new URL(this.config.cdnUrl).host;
  }

  /** Takes away what was put into the bucket. @returns the keys that are left */
  async tidyUp(): Promise<string[]> {
    return (await this.foundProbes?.remove()) ?? [];
  }
}

function resultOf<T>(run: () => T): T | Failure {
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
      'Run the command as a user who may read it, best as Ghost itself: sudo -u ghost …',
      { cause: error },
    );
  }
}
