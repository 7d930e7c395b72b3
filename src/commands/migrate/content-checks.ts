import { accessSync, constants } from 'node:fs';
import { FEATURES, isServedFromDisk } from '../../core/features';
import { assertChosenContent } from '../../ghost-site/chosen-paths';
import { isContentFolder, meantContentFolder } from '../../ghost-site/content-folder';
import { type FeatureDisk, featureDisks } from '../../ghost-site/feature-disk';
import { filesBelow } from '../../ghost-site/local-files';
import { type GhostSite, isFolder } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import { ownerOf, wayTo } from '../../shell/path-owners';
import { quoted } from '../../shell/text';
import { sameCommand } from './same-command';
import type { MigrateOptions } from './settings';

/**
 * Checks that the content folder is the right one. The folder of a new blog has no uploads yet.
 *
 * @returns the folders of the features
 * @throws Failure for a folder that does not exist, that is unreadable, or that has no uploads and is not Ghost's, and
 *   for another Ghost folder
 */
export async function checkContent(site: GhostSite, options: MigrateOptions): Promise<ReturnType<typeof featureDisks>> {
  const { contentPath } = site;
  assertChosenContent(site, options.content);
  if (!options.toLocal && !isFolder(contentPath)) {
    throw new Failure(
      `The content folder ${contentPath} does not exist or is not a folder.`,
      'Set it with --content, or run the command on the machine where Ghost runs.',
    );
  }
  if (isFolder(contentPath)) {
    assertReadable(site, options);
  }
  const disks = featureDisks(site);
  const isSuspicious = options.toLocal ? isFolder(contentPath) : !(await hasUploads(disks));
  const meant = isSuspicious ? meantContentFolder(contentPath) : undefined;
  if (meant) {
    throw new Failure(
      `${contentPath} is ${meant.named}, not its content folder${originOf(site, options)}.`,
      `The content folder is probably ${meant.folder}: --content ${quoted(meant.folder)}`,
    );
  }
  if (!options.toLocal && isSuspicious && !isContentFolder(contentPath)) {
    throw new Failure(
      `${contentPath} does not look like Ghost's content folder${originOf(site, options)}: its folders ${FEATURES.join(', ')} are missing or empty.`,
      'Choose the folder that contains these three: --content /var/www/ghost/content\n' +
        'With Docker, it is the folder or volume on this machine that is mounted as the content folder of the container.',
    );
  }
  return disks;
}

/** Returns the setting that the content folder comes from, in parentheses. */
function originOf({ config, configFile }: GhostSite, { content }: MigrateOptions): string {
  if (content !== undefined) {
    return ' (--content)';
  }
  return config.paths?.contentPath === undefined ? '' : ` (paths.contentPath in ${configFile})`;
}

/** Only for the content folder itself; unreadable folders below it are reported one by one. */
function assertReadable(site: GhostSite, options: MigrateOptions): void {
  const { contentPath } = site;
  try {
    accessSync(contentPath, constants.R_OK | constants.X_OK);
  } catch (error) {
    throw new Failure(
      `This user cannot read the content folder ${contentPath} (${(error as NodeJS.ErrnoException).code}). It belongs to the user ${ownerOf(wayTo(contentPath)).uid}.`,
      `Run the command as that user or with sudo:\n${sameCommand(site, options, { reads: [contentPath] })}`,
      { cause: error },
    );
  }
}

/** Returns whether there is a file to transfer, or an entry that cannot be transferred. */
async function hasUploads(disks: Record<(typeof FEATURES)[number], FeatureDisk>): Promise<boolean> {
  for (const feature of FEATURES) {
    for await (const batch of filesBelow(disks[feature], (folder) => isServedFromDisk(feature, folder))) {
      if (batch.some(({ kind }) => kind !== 'ignored')) {
        return true;
      }
    }
  }
  return false;
}
