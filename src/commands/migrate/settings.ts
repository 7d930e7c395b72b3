import type { AdapterOptions } from '../../ghost-site/adapter-config';
import { Failure } from '../../shell/failure';
import type { GhostSiteOptions } from '../../ghost-site/site';
import type { TerminalOptions } from '../../shell/terminal';

/** The options of `migrate`, as they are typed. */
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

/** How files are moved. */
export interface MigrateSettings {
  dryRun: boolean;
  /** Different content is replaced. */
  overwrite: boolean;
  /** What is there is read back and compared. */
  verify: boolean;
  /** Sizes of pictures stay where they are. */
  skipSizes: boolean;
  /** So many files at a time. */
  concurrency: number;
  /** Undefined for as much as there is. */
  bytesPerSecond?: number;
}

/** @throws Failure for a number that is none */
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
