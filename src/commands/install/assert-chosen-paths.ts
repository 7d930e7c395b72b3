import path from 'node:path';
import { readGhostConfig } from '../../ghost-site/config';
import { locateConfig, textOf } from '../../ghost-site/config-text';
import type { GhostSite } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import { isRoot } from '../../shell/owner-rights';
import { mayAccess, ownerOf, wayTo } from '../../shell/path-owners';
import { isInside } from '../../shell/paths';

/**
 * Makes sure that a user who can write Ghost's configuration does not lead root into folders of other users. Paths below
 * Ghost's folder and those that the command line or the environment names are trusted.
 *
 * @param content the content folder that the user named
 * @throws Failure with the setting, and with how to name the folder otherwise
 */
export function assertChosenPaths({ configFile, folder, contentPath, config }: GhostSite, content?: string): void {
  const { stats, owner } = locateConfig(configFile);
  const writers = [owner, ...(stats ? [stats] : [])].filter(({ uid }) => uid !== 0);
  if (!isRoot() || writers.length === 0) {
    return;
  }
  const ofFile = readGhostConfig(textOf(configFile), configFile).paths ?? {};
  const { installedAdaptersPath } = config.paths ?? {};
  const named = [
    ...(content === undefined && ofFile.contentPath === config.paths?.contentPath ? [contentPath] : []),
    ...(ofFile.installedAdaptersPath === installedAdaptersPath ? [installedAdaptersPath] : []),
  ];
  for (const place of named.filter((each) => each !== undefined)) {
    const way = wayTo(path.resolve(folder, place));
    const { uid } = ownerOf(way);
    const foreign = writers.find((writer) => writer.uid !== uid && !mayAccess(way.end.stats, writer, 0o3));
    if (foreign && !isInside(way.real, wayTo(folder).real)) {
      throw new Failure(
        `${configFile}, which the user ${foreign.uid} can write, names ${place}, which belongs to the user ${uid}.`,
        place === installedAdaptersPath
          ? `If that is right, name it yourself: sudo paths__installedAdaptersPath=${place} ghost-storage-s3-cloudfront install …`
          : `If that is right, name it yourself: --content ${place}`,
      );
    }
  }
}
