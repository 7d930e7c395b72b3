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
  /** Another way to name it, for the end of a sentence. */
  cure: string;
}

/**
 * Makes sure that a user who can write Ghost's configuration does not make root use the content folder of another user.
 * Paths below Ghost's folder are trusted, and so are those from the command line or the environment.
 *
 * @param content the content folder that the user named
 * @throws Failure with the setting, and with another way to name the folder
 */
export function assertChosenContent(site: GhostSite, content?: string): void {
  assertChosen(site, contentOf(site, content));
}

/** Like `assertChosenContent`, also for the folder of adapters, which `install` writes to. */
export function assertChosenPaths(site: GhostSite, content?: string): void {
  const { installedAdaptersPath: place } = site.config.paths ?? {};
  const isOfFile = place !== undefined && pathsOfEnvironment(site).installedAdaptersPath === undefined;
  const cure = `set it yourself: ${ownCommand('install …', { environment: { paths__installedAdaptersPath: String(place) } })}`;
  assertChosen(site, [
    ...contentOf(site, content),
    ...(isOfFile ? [{ place, cure }] : []),
    ...partsOf(site, [ADAPTER_IN_CONTENT]),
  ]);
}

function contentOf(site: GhostSite, content: string | undefined): NamedPath[] {
  const { contentPath: place } = site;
  const isOfFile = content === undefined && pathsOfEnvironment(site).contentPath === undefined;
  return [...(isOfFile ? [{ place, cure: `set it yourself: --content ${place}` }] : []), ...partsOf(site, FEATURES)];
}

/** A Compose file may have parts of the content folder mounted from elsewhere. */
function partsOf(site: GhostSite, parts: readonly string[]): NamedPath[] {
  const places = site.compose ? parts.map((part) => knownInContent(site, part)) : [];
  return places
    .filter((place) => place !== undefined && !isInside(place, site.contentPath))
    .map((place = '') => ({ place, cure: 'make root, or the owner of this folder, the owner of the Compose files.' }));
}

// The file may have been replaced since it was read.
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
        `The user ${foreign.uid} can write ${configFile}. It names ${place}, which belongs to the user ${uid}.`,
        `If that is correct, ${cure}`,
      );
    }
  }
}
