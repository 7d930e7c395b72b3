import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { ADAPTER, FEATURES } from '../../core/features';
import { adapterOf, isObject, storageOf, usesAdapter } from '../../ghost-site/config';
import { checkGhostConfigFile } from '../../ghost-site/config-file';
import type { GhostConfigBlock } from '../../ghost-site/edit-config';
import type { GhostSite, GhostSiteOptions } from '../../ghost-site/site';
import { ownCommand } from '../../shell/called-as';
import { Failure } from '../../shell/failure';
import { adapterPlace } from '../install/adapter-place';
import { assertConfigFile, supportedMajor } from '../install/preconditions';
import { checkContent } from '../migrate/content-checks';
import { askBlog } from './blog';
import { canChange } from './change';
import { plannedSite } from './planned-site';
import { assertSameGhost } from './same-ghost';

/** Ghost's own adapters, which store on the disk: https://docs.ghost.org/config#storage-adapters */
const ON_DISK = ['LocalImagesStorage', 'LocalMediaStorage', 'LocalFilesStorage'];

/**
 * Makes sure, before anything is built, that this Ghost can use the adapter.
 *
 * @throws Failure with the problem and the fix
 */
export async function refuseUnfit(site: GhostSite, options: GhostSiteOptions): Promise<void> {
  assertUrl(site);
  supportedMajor(site);
  refuseOtherAdapter(site);
  adapterPlace(site);
  if (!site.settings.isWritable) {
    checkGhostConfigFile(site.settings);
  }
  if (canChange(site)) {
    assertConfigFile(site, options.config);
  } else {
    assertSameGhost(site, options);
  }
  plannedSite({ site, block: blockToTry(site) });
  assertReadableContent(site);
  await checkContent(site, { content: options.content });
}

/**
 * Returns options like those that `setup` will write, to find out whether anything in Ghost's configuration overrides
 * them.
 */
function blockToTry({ config: { urls } }: GhostSite): GhostConfigBlock {
  const { image } = urls ?? {};
  const isAddress = typeof image === 'string' && /^https:\/\//.test(image) && URL.canParse(image);
  const cdnUrl = isAddress ? image : 'https://images.example.com';
  return { storage: { S3CloudFrontStorage: { bucket: 'images-of-the-blog', region: 'us-east-1', cdnUrl } } };
}

/** @throws Failure without the URL of the blog, which is needed to find out whether it uses the adapter */
export function assertUrl({ config: { url }, configFile }: Pick<GhostSite, 'config' | 'configFile'>): void {
  if (typeof url !== 'string' || !URL.canParse(url)) {
    throw new Failure(
      `The URL of this blog is unknown: ${configFile} ${url === undefined ? 'has no "url"' : `has the "url" ${JSON.stringify(url)}`}.`,
      'Write the URL of the blog there: "url": "https://blog.example.com"',
    );
  }
}

function refuseOtherAdapter({ config, configFile }: GhostSite): void {
  const storage = storageOf(config);
  const other = FEATURES.map((feature) => adapterOf(storage, feature)).find(
    (name) => name !== undefined && name !== ADAPTER && !ON_DISK.includes(name),
  );
  if (other !== undefined) {
    throw new Failure(
      `Ghost stores its files with "${other}" (in ${configFile}), and not on the disk. setup copies files only from the disk.`,
      `Build the image server with ${ownCommand('provision')}, copy the files from the other bucket with migrate --from-bucket,\nand use its options with install --from ${other}.`,
    );
  }
}

function assertReadableContent({ contentPath }: GhostSite): void {
  try {
    // This fails in another way for a file.
    accessSync(`${contentPath}${path.sep}.`, constants.R_OK | constants.X_OK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'ENOTDIR'].includes(code)) {
      throw new Failure(
        `The content folder ${contentPath} cannot be read (${code}).`,
        'Run the command as the user that Ghost runs as, or with sudo.',
        { cause: error },
      );
    }
  }
}

/**
 * Makes sure that a domain is not the blog's own, and is that of the image server in use, if there is one.
 *
 * @throws Failure with the domains
 */
export function refuseDomain({ config, configFile }: Pick<GhostSite, 'config' | 'configFile'>, domain: string): void {
  if (new URL(config.url ?? '').hostname === domain) {
    throw new Failure(
      `${domain} is the domain of the blog itself. The images need their own domain.`,
      `Choose another one, for example images.${domain.replace(/^www\./, '')}.`,
    );
  }
  const block = storageOf(config)[ADAPTER];
  const { cdnUrl } = isObject(block) ? block : {};
  if (usesAdapter(config) && typeof cdnUrl === 'string' && hostOf(cdnUrl) !== domain) {
    throw new Failure(
      `This Ghost already gets its images from ${hostOf(cdnUrl)} (in ${configFile}), and its files are there.`,
      `Use that domain: --domain ${hostOf(cdnUrl)}\nTo move to ${domain}, go back to the disk first: ${ownCommand('setup --undo')}`,
    );
  }
}

/** @throws Failure where Ghost already uses a bucket other than that of the image server */
export function refuseOtherBucket(
  { config, configFile }: Pick<GhostSite, 'config' | 'configFile'>,
  wanted: Record<string, string>,
): void {
  const block = storageOf(config)[ADAPTER];
  const present = isObject(block) ? block : {};
  const other = ['bucket', 'tenantPrefix'].find((name) => (present[name] ?? '') !== (wanted[name] ?? ''));
  if (usesAdapter(config) && other !== undefined) {
    throw new Failure(
      `This Ghost already stores its files elsewhere: "${other}" in ${configFile} is ${JSON.stringify(present[other] ?? '')}, but that of the image server is "${wanted[other] ?? ''}".`,
      `Go back to the disk first, which copies the files there: ${ownCommand('setup --undo')}`,
    );
  }
}

/** @throws Failure where Ghost does not answer, since the switch could not be proved then */
export async function refuseDown(site: GhostSite, domain: string): Promise<void> {
  const { state, answer } = await askBlog(site, `https://${domain}`);
  if (state === 'down' && !usesAdapter(site.config)) {
    throw new Failure(
      `The blog ${site.config.url} does not answer like Ghost (${answer}).`,
      "Start Ghost, or allow requests from this machine to it, and run the same command again. setup needs Ghost's answers to find out whether each change worked.",
    );
  }
}

/** Returns the host of the CDN, whose URL may have no scheme. */
const hostOf = (cdnUrl: string): string =>
  cdnUrl
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/\/.*$/, '')
    .toLowerCase();
