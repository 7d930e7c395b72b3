import { listPage } from '../../core/s3/list-page';
import type { GhostSite } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import type { FeatureLocation } from './feature-location';
import type { MigrateSettings } from './settings';

/** Captures the part of a key before Ghost's folders: `blog7/` in `blog7/content/images/2026/11/photo.jpg`. */
const PREFIX = /^(.*?)content\/(?:images|media|files)\//;

/**
 * Refuses a bucket without files to copy back: with a wrong bucket or prefix, "nothing to do" would look like success.
 *
 * @throws Failure with the prefix that does have files, if the bucket can be listed
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
      ? `Check that ${config.bucket} is the bucket of this blog. It comes from "bucket" and "tenantPrefix" in ${configFile}, or from --bucket and --tenant-prefix.`
      : found === ''
        ? 'It has files in content/, without a prefix. Remove "tenantPrefix" from the configuration.'
        : `It has files in ${found}/content/. Add --tenant-prefix ${found}`;
  throw new Failure(
    `The bucket ${config.bucket} has no files in ${prefixes}${skipSizes ? ' other than image sizes' : ''}. Nothing was copied.`,
    hint,
  );
}

/** Returns the prefix of other Ghost files in the bucket; undefined when none are among the first 1,000 objects. */
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
