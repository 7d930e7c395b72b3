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
  overwrite?: boolean;
  verify?: boolean;
  dryRun?: boolean;
  concurrency?: string;
  bandwidth?: string;
  report?: string;
}

const DEFAULT_CONCURRENCY = 32;
const MAX_CONCURRENCY = 256;

/** The options that say how files are transferred, parsed. */
export interface MigrateSettings {
  dryRun: boolean;
  /** Replace different content. */
  overwrite: boolean;
  /** Read every file back and compare it. */
  verify: boolean;
  /** Leave image sizes out. */
  skipSizes: boolean;
  /** How many files are transferred at a time. */
  concurrency: number;
  /** Undefined for no limit. */
  bytesPerSecond?: number;
}

/** @throws Failure for an invalid number */
export function readMigrateSettings(options: MigrateOptions): MigrateSettings {
  const { concurrency = String(DEFAULT_CONCURRENCY), bandwidth } = options;
  const isNumber = /^\d+$/.test(concurrency) && Number(concurrency) >= 1 && Number(concurrency) <= MAX_CONCURRENCY;
  if (!isNumber) {
    throw new Failure(`--concurrency is "${concurrency}".`, `Write a whole number from 1 to ${MAX_CONCURRENCY}.`);
  }
  if (bandwidth !== undefined && !(/^\d*\.?\d+$/.test(bandwidth) && Number(bandwidth) > 0)) {
    throw new Failure(`--bandwidth is "${bandwidth}".`, 'Write megabytes a second: 5, or 0.5.');
  }
  return {
    dryRun: options.dryRun ?? false,
    overwrite: options.overwrite ?? false,
    verify: options.verify ?? false,
    skipSizes: options.skipSizes ?? false,
    concurrency: Number(concurrency),
    bytesPerSecond: bandwidth === undefined ? undefined : Number(bandwidth) * 1e6,
  };
}
