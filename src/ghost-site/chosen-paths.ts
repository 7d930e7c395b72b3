import path from 'node:path';
import { ownCommand } from '../shell/called-as';
import { Failure } from '../shell/failure';
import { isRoot } from '../shell/owner-rights';
import { mayAccess, ownerOf, wayTo } from '../shell/path-owners';
import { isInside } from '../shell/paths';
import { FEATURES } from '../core/features';
import { settingsOfEnvironment } from './config';
import { ADAPTER_IN_CONTENT, knownInContent } from './content-place';
import { locateConfig } from './config-text';
import type { GhostSite } from './site';

/** A path in Ghost's configuration. */
interface NamedPath {
  place: string;
  /** How to name it otherwise, for the end of a sentence. */
  cure: string;
}

/**
 * Makes sure that a user who can write Ghost's configuration does not lead root into the content folder of another user.
 * A path below Ghost's folder is trusted, and one that the command line or the environment names.
 *
 * @param content the content folder that the user named
 * @throws Failure with the setting, and with how to name the folder otherwise
 */
export function assertChosenContent(site: GhostSite, content?: string): void {
  assertChosen(site, contentOf(site, content));
}

/** Like `assertChosenContent`, also for the folder of adapters, which `install` writes to. */
export function assertChosenPaths(site: GhostSite, content?: string): void {
  const { installedAdaptersPath: place } = site.config.paths ?? {};
  const isOfFile = place !== undefined && pathsOfEnvironment(site).installedAdaptersPath === undefined;
  const cure = `name it yourself: ${ownCommand('install …', { environment: { paths__installedAdaptersPath: String(place) } })}`;
  assertChosen(site, [
    ...contentOf(site, content),
    ...(isOfFile ? [{ place, cure }] : []),
    ...partsOf(site, [ADAPTER_IN_CONTENT]),
  ]);
}

function contentOf(site: GhostSite, content: string | undefined): NamedPath[] {
  const { contentPath: place } = site;
  const isOfFile = content === undefined && pathsOfEnvironment(site).contentPath === undefined;
  return [...(isOfFile ? [{ place, cure: `name it yourself: --content ${place}` }] : []), ...partsOf(site, FEATURES)];
}

/** A Compose file may have parts of the content folder mounted from elsewhere. */
function partsOf(site: GhostSite, parts: readonly string[]): NamedPath[] {
  const places = site.compose ? parts.map((part) => knownInContent(site, part)) : [];
  return places
    .filter((place) => place !== undefined && !isInside(place, site.contentPath))
    .map((place = '') => ({ place, cure: 'give the Compose files to the user who owns this folder, or to root.' }));
}

// The file may be another one by now than the one that was read.
const pathsOfEnvironment = ({ compose }: GhostSite) =>
  // The environment of this process is not that of the container.
  (compose ? undefined : settingsOfEnvironment(process.env).paths) ?? {};

function assertChosen({ configFile, folder, compose }: GhostSite, named: NamedPath[]): void {
  const files = [configFile, ...(compose ? [...compose.files, ...compose.envFiles] : [])].map(locateConfig);
  const writers = files
    .flatMap(({ stats, owner }) => [owner, ...(stats ? [stats] : [])])
    .filter(({ uid }) => uid !== 0);
  if (!isRoot()) {
    return;
  }
  for (const { place, cure } of named) {
    const way = wayTo(path.resolve(folder, place));
    const { uid } = ownerOf(way);
    const foreign = writers.find((writer) => writer.uid !== uid && !mayAccess(way.end.stats, writer, 0o3));
    if (foreign && !isInside(way.real, wayTo(folder).real)) {
      throw new Failure(
        `${configFile}, which the user ${foreign.uid} can write, names ${place}, which belongs to the user ${uid}.`,
        `If that is right: ${cure}`,
      );
    }
  }
}
