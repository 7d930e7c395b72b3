import { listPage } from '../../core/s3/list-page';
import type { GhostSite } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import type { FeatureLocation } from './feature-location';
import type { MigrateSettings } from './settings';

/** What is in front of Ghost's folders in a key: `blog7/content/images/2026/11/photo.jpg`. */
const PREFIX = /^(.*?)content\/(?:images|media|files)\//;

/**
 * Refuses a bucket in which there are no files to bring back, since "nothing to do" would look like success where the
 * bucket or its prefix is the wrong one.
 *
 * @throws Failure with what is in the bucket instead, as far as it may be listed
 */
export async function refuseEmptyBucket(
  locations: readonly FeatureLocation[],
  { skipSizes }: Pick<MigrateSettings, 'skipSizes'>,
  { configFile }: GhostSite,
  signal: AbortSignal,
): Promise<never> {
  const [{ config }] = locations as [FeatureLocation];
  const prefixes = locations.map(({ keyPrefix }) => keyPrefix).join(', ');
  const found = await prefixIn(locations[0] as FeatureLocation, signal);
  const hint =
    found === undefined || found === (config.tenantPrefix ?? '')
      ? `Check that ${config.bucket} is the bucket of this blog: "bucket" and "tenantPrefix" in ${configFile}, or --bucket and --tenant-prefix.`
      : found === ''
        ? 'It has files below content/, without a prefix: remove "tenantPrefix" from the configuration.'
        : `It has files below ${found}/content/: --tenant-prefix ${found}`;
  throw new Failure(
    `The bucket ${config.bucket} has no files in ${prefixes}${skipSizes ? ' other than image sizes' : ''}. Nothing was brought back.`,
    hint,
  );
}

/** Returns the prefix of other files of Ghost in the bucket; undefined when none are among the first 1,000 objects. */
async function prefixIn({ bucket }: FeatureLocation, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { objects } = await listPage(bucket.config, { prefix: '' }, signal);
    const matches = objects.map(({ key }) => PREFIX.exec(key)?.[1]);
    return matches.find((prefix) => prefix !== undefined)?.replace(/\/$/, '');
  } catch {
    // The policy of a tenant allows only its own prefix.
    return undefined;
  }
}
