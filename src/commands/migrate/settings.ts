import type { AdapterOptions } from '../../ghost-site/options';
import { Failure } from '../../shell/failure';
import type { GhostSiteOptions } from '../../ghost-site/site';
import type { TerminalOptions } from '../../shell/terminal';

/** The command-line options of `migrate`. */
export interface MigrateOptions extends GhostSiteOptions, AdapterOptions, TerminalOptions {
  profile?: string;
  toLocal?: boolean;
  fromUrl?: string;
  fromBucket?: string;
  fromRegion?: string;
  ghostUrl?: string;
  adminKey?: string;
  skipSizes?: boolean;
  stripLocation?: boolean;
  overwrite?: boolean;
  verify?: boolean;
  dryRun?: boolean;
  concurrency?: string;
  bandwidth?: string;
  report?: string;
}

/** The default of `--concurrency`. */
const DEFAULT_CONCURRENCY = 32;

/** The maximum of `--concurrency`. */
const MAX_CONCURRENCY = 256;

/** The parsed options for transferring files. */
export interface MigrateSettings {
  dryRun: boolean;
  /** Whether to replace files with different content. */
  overwrite: boolean;
  /** Whether to read every file back and compare it. */
  verify: boolean;
  /** Whether to leave out image sizes. */
  skipSizes: boolean;
  /** Whether to store images without the location where they were taken, and to remove it from those in the bucket. */
  stripLocation: boolean;
  /** How many files to transfer at a time. */
  concurrency: number;
  /** Undefined for no limit. */
  bytesPerSecond?: number;
}

/**
 * Reads the settings from the options.
 *
 * @throws Failure for an invalid number
 */
export function readMigrateSettings(options: MigrateOptions): MigrateSettings {
  const { concurrency = String(DEFAULT_CONCURRENCY), bandwidth } = options;
  const isNumber = /^\d+$/.test(concurrency) && Number(concurrency) >= 1 && Number(concurrency) <= MAX_CONCURRENCY;
  if (!isNumber) {
    throw new Failure(`--concurrency is "${concurrency}".`, `Use a whole number from 1 to ${MAX_CONCURRENCY}.`);
  }
  if (bandwidth !== undefined && !(/^\d*\.?\d+$/.test(bandwidth) && Number(bandwidth) > 0)) {
    throw new Failure(`--bandwidth is "${bandwidth}".`, 'Use a number of megabytes per second, such as 5 or 0.5.');
  }
  return {
    dryRun: options.dryRun ?? false,
    overwrite: options.overwrite ?? false,
    verify: options.verify ?? false,
    skipSizes: options.skipSizes ?? false,
    stripLocation: options.stripLocation ?? false,
    concurrency: Number(concurrency),
    bytesPerSecond: bandwidth === undefined ? undefined : Number(bandwidth) * 1e6,
  };
}
