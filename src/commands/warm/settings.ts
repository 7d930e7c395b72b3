import type { AdapterOptions } from '../../ghost-site/options';
import type { GhostSiteOptions } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';

/** The command-line options of `warm`. */
export interface WarmOptions extends GhostSiteOptions, Pick<AdapterOptions, 'cdnUrl' | 'tenantPrefix'> {
  ghostUrl?: string;
  since?: string;
  concurrency?: string;
  /** List everything that failed. */
  verbose?: boolean;
  /** Print the result as JSON. */
  json?: boolean;
}

/** The parsed options for the requests. */
export interface WarmSettings {
  /** How many pages or images to request at a time. */
  concurrency: number;
  /** The time (ms) since which pages must have changed; undefined for all pages. */
  since?: number;
}

/** The default of `--concurrency`: Ghost creates sizes one after the other, and readers are waiting for it, too. */
const DEFAULT_CONCURRENCY = 2;

/** The maximum of `--concurrency`. */
const MAX_CONCURRENCY = 16;

/** The units of a duration, in ms. */
const UNITS: Record<string, number> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * Reads the settings from the options.
 *
 * @param now the current time (ms)
 * @throws Failure for an invalid number or time
 */
export function readWarmSettings({ concurrency, since }: WarmOptions, now = Date.now()): WarmSettings {
  return {
    concurrency: concurrency === undefined ? DEFAULT_CONCURRENCY : readConcurrency(concurrency),
    since: since === undefined ? undefined : readSince(since, now),
  };
}

function readConcurrency(given: string): number {
  const isNumber = /^\d{1,3}$/.test(given) && Number(given) >= 1 && Number(given) <= MAX_CONCURRENCY;
  if (!isNumber) {
    throw new Failure(`--concurrency is "${given}".`, `Use a whole number from 1 to ${MAX_CONCURRENCY}.`);
  }
  return Number(given);
}

function readSince(given: string, now: number): number {
  const [, count = '', unit = ''] = /^(\d{1,4})([hdw])$/.exec(given) ?? [];
  const time = unit === '' ? dateOf(given) : now - Number(count) * (UNITS[unit] ?? 0);
  if (time === undefined) {
    throw new Failure(
      `--since is "${given}", which is neither a date nor a duration.`,
      'Use a date such as 2026-11-01 or 2026-11-01T08:30:00Z, or a number of hours, days or weeks: 12h, 7d, 2w.',
    );
  }
  if (time > now) {
    throw new Failure(`--since is "${given}", which is in the future.`, 'Use a date in the past, or a duration: 7d.');
  }
  return time;
}

/** Returns the time (ms) of a date, which is in UTC unless it says otherwise; undefined for a date that does not exist. */
function dateOf(given: string): number | undefined {
  const [, day = ''] = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.exec(given) ?? [];
  // JavaScript reads February 30 as March 2.
  const isDay = day !== '' && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day);
  const time = Date.parse(given);
  return isDay && !Number.isNaN(time) ? time : undefined;
}
