import { accessSync, constants, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { ADAPTER } from '../../../core/features';
import { ADAPTER_IN_CONTENT, knownContent, knownInContent } from '../../../ghost-site/content-place';
import {
  type GhostSite,
  isAtLeast,
  OLDEST_GHOST,
  OLDEST_WITH_INSTALLED_ADAPTERS,
  warningOfUntested,
} from '../../../ghost-site/site';
import { siteParameters } from '../../../ghost-site/site-parameters';
import { ownCommand } from '../../../shell/called-as';
import { ownManifest, readManifest } from '../../../shell/paths';
import { type CheckResult, failed, passed, unchecked, warned, withGhost, NOT_ACTIVE } from '../check';
import type { DoctorContext } from '../context';

/** Checks that Ghost is new enough, according to its code or to the tag of its image. */
export function checkVersion({ site }: DoctorContext): CheckResult {
  const version = site?.version ?? site?.major?.toString();
  if (site === undefined || version === undefined) {
    return unchecked("Ghost's code is not on this machine");
  }
  const tried = `The command read Ghost's version in ${site.compose ? site.compose.composeFile : site.codeFolder}.`;
  const untested = warningOfUntested(version);
  if (untested !== undefined) {
    return warned(tried, untested, 'Check your images, media and files after each update of Ghost.');
  }
  return isAtLeast(site, OLDEST_GHOST)
    ? passed(version)
    : failed(
        tried,
        `Ghost ${version} is too old.`,
        `Update Ghost to ${OLDEST_GHOST} or newer (ghost update, or a newer image).`,
      );
}

/** Checks that Ghost supports the Node version that runs this command. */
export function checkNode({ site }: DoctorContext): CheckResult {
  const { node } = process.versions;
  const wanted = site?.codeFolder === undefined ? undefined : readManifest(site.codeFolder).engines?.node;
  // Ghost gives a minimum for each major version: ^20.11.1 || ^22.13.1
  const [major, minor = 0] = node.split('.').map(Number);
  const from = [...(wanted ?? '').matchAll(/\^(\d+)\.(\d+)/g)].find(([, wantedMajor]) => Number(wantedMajor) === major);
  const isWanted = wanted === undefined || (from !== undefined && minor >= Number(from[2]));
  return isWanted
    ? passed(node)
    : warned(
        'The command compared its Node version with the one that Ghost needs.',
        `This command runs on Node ${node}, but Ghost needs ${wanted}.`,
        'Check that Ghost runs with another version (ghost doctor), or install a version that it supports.',
      );
}

/** Checks that the adapter is installed, in the version of this command. */
export function checkAdapter({ site, isActive }: DoctorContext): CheckResult {
  const folders = site ? adapterFolders(site) : [];
  const folder = folders.find((candidate) => existsSync(candidate));
  if (!site || (!existsSync(knownContent(site) ?? '') && !folder)) {
    return unchecked("Ghost's content folder is not on this machine");
  }
  const tried = `The command looked for the adapter in ${folders.join(' and ')}.`;
  const cure = `Install it: ${ownCommand(`install${siteParameters(site)}`, { writes: [site.configFile] })}\nThen restart Ghost.`;
  if (folder === undefined && !isActive) {
    return NOT_ACTIVE;
  }
  if (folder === undefined && mayBeInImage(site)) {
    return unchecked(`it is not in ${folders.join(' or ')}, but may be in the container's image`);
  }
  if (folder === undefined) {
    return failed(tried, `The adapter is not in ${folders.join(' or ')}.`, cure);
  }
  const { version: ours } = ownManifest();
  try {
    const { version, main = 'index.js' } = readManifest(folder);
    accessSync(path.join(folder, main), constants.R_OK);
    return version === ours
      ? passed(`${version} in ${folder}`)
      : warned(tried, `The adapter in ${folder} has version ${version}, but this command has version ${ours}.`, cure);
  } catch (error) {
    return failed(
      tried,
      `The adapter in ${folder} cannot be loaded: ${(error as Error).message}`,
      `${cure} The user that Ghost runs as must be able to read the adapter's files.`,
    );
  }
}

/**
 * Checks that Ghost does not find another adapter of the same name first.
 *
 * @see https://docs.ghost.org/config#creating-a-custom-storage-adapter
 */
export const checkNotShadowed = withGhost((_context, site) => {
  const folders = adapterFolders(site);
  const inGhost = site.codeFolder
    ? [
        path.join(site.codeFolder, 'node_modules', ADAPTER),
        path.join(site.codeFolder, 'core/server/adapters/storage', `${ADAPTER}.js`),
      ]
    : [];
  // Node loads a file before a folder of the same name.
  const files = folders.map((folder) => `${folder}.js`).filter((file) => existsSync(file) && statSync(file).isFile());
  const [shadow] = [...inGhost.filter((file) => existsSync(file)), ...files];
  const [first, second] = folders.filter((folder) => existsSync(folder));
  const tried = 'The command searched the folders in which Ghost looks for adapters.';
  if (shadow !== undefined) {
    return failed(tried, `Ghost loads ${shadow} instead of the adapter.`, 'Remove it, and restart Ghost.');
  }
  return second !== undefined
    ? warned(tried, `The adapter is installed twice, and Ghost loads ${first}.`, `Remove ${second}.`)
    : passed('Ghost finds no other adapter before it');
});

/** Returns the folders in which Ghost looks for the adapter, in its order, without those that only Docker can reach. */
function adapterFolders(site: GhostSite): string[] {
  const { installedAdaptersPath } = isAtLeast(site, OLDEST_WITH_INSTALLED_ADAPTERS) ? (site.config.paths ?? {}) : {};
  const inContent = knownInContent(site, ADAPTER_IN_CONTENT);
  return [
    ...(installedAdaptersPath && !isInContainer(site, installedAdaptersPath)
      ? [path.resolve(site.folder, installedAdaptersPath, 'storage', ADAPTER)]
      : []),
    ...(inContent === undefined ? [] : [inContent]),
  ];
}

/** Returns whether the adapter may be in a custom image, or Ghost's first adapter folder is not on this machine. */
function mayBeInImage(site: GhostSite): boolean {
  const { installedAdaptersPath } = isAtLeast(site, OLDEST_WITH_INSTALLED_ADAPTERS) ? (site.config.paths ?? {}) : {};
  const isHidden = installedAdaptersPath !== undefined && isInContainer(site, installedAdaptersPath);
  return site.compose !== undefined && (site.compose.hasOwnImage || isHidden);
}

/** Returns whether a folder is one of the container that is not mounted from this machine. */
const isInContainer = ({ compose, folder }: GhostSite, place: string): boolean =>
  compose !== undefined && compose.toContainer(path.resolve(folder, place)) === undefined;
