import { pathsOnCdn } from '../../../core/invalidation';
import { ObjectKeys } from '../../../core/object-keys';
import { siteParameters } from '../../../ghost-site/site-parameters';
import { ownCommand } from '../../../shell/called-as';
import { counted } from '../../../shell/text';
import { type CheckResult, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { compareFiles } from '../files/compare';
import { lookThrough } from '../files/location-sample';

/** How many URLs to show. */
const MAX_SHOWN = 3;

/** Checks that images do not contain the location where they were taken, in the bucket and on the CDN. */
export async function checkLocations(context: DoctorContext): Promise<CheckResult> {
  if (!context.features.includes('images')) {
    return unchecked('images are stored elsewhere');
  }
  const config = context.configOf('images');
  if (config.keepLocation) {
    return unchecked('"keepLocation" is true, so images keep the place where they were taken');
  }
  const { metadata } = await compareFiles(context);
  const keys = new ObjectKeys(config);
  const stored = await lookThrough(context, metadata.chosen);
  const inBucket = new Map([...stored].map(([key, hasLocation]) => [keys.toUrl(key), hasLocation]));
  const onCdn = new Map(
    context.ownImages.flatMap(({ url, hasLocation }) =>
      hasLocation === undefined ? [] : [[url, hasLocation] as const],
    ),
  );
  const all = new Map([...onCdn, ...inBucket]);
  if (all.size === 0) {
    return unchecked(metadata.chosen.length === 0 ? 'there are no images in the bucket yet' : 'no image could be read');
  }
  const located = urlsIn(all);
  if (located.length > 0) {
    return warned(
      `The command read the metadata of ${counted(all.size, 'image')} of the blog: the newest, the oldest and random ones.`,
      `${located.length} of ${counted(all.size, 'image')} ${located.length === 1 ? 'shows' : 'show'} where the photo was taken: ${shown(located)}.`,
      `Remove the GPS data from all images: ${migrateCommand(context)}\nIf they should keep it, set "keepLocation" to true.`,
    );
  }
  // What is in the bucket counts, but the CDN may have a copy from before.
  const former = urlsIn(onCdn);
  if (former.length > 0) {
    return warned(
      `The command read the metadata of ${counted(onCdn.size, 'image')} that the CDN sent.`,
      `The CDN sends old copies of images, which show where the photo was taken: ${shown(former)}.`,
      `Invalidate ${pathsOnCdn(`${keys.toUrl(keys.keyOf(''))}/*`, config).join(' and ')} on the CDN.`,
    );
  }
  return passed(`none of ${counted(all.size, 'image')} shows where the photo was taken`);
}

const urlsIn = (images: Map<string, boolean>): string[] =>
  [...images].flatMap(([url, hasLocation]) => (hasLocation ? [url] : []));

function migrateCommand({ site }: DoctorContext): string {
  return site
    ? ownCommand(`migrate --strip-location${siteParameters(site)}`, { reads: [site.configFile, site.contentPath] })
    : ownCommand('migrate --strip-location');
}

const shown = (urls: string[]): string =>
  urls.slice(0, MAX_SHOWN).join(', ') + (urls.length > MAX_SHOWN ? ` and ${urls.length - MAX_SHOWN} more` : '');
