import { lstatSync } from 'node:fs';
import path from 'node:path';
import { ADAPTER } from '../../core/features';
import { ADAPTER_IN_CONTENT, knownInContent, placeInContent } from '../../ghost-site/content-place';
import { type GhostSite, isAtLeast, OLDEST_WITH_INSTALLED_ADAPTERS } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import { isRoot, type Owner } from '../../shell/owner-rights';
import { mayAccess, ownerOf, refuseForeignLinks, refuseSharedWay, wayTo } from '../../shell/path-owners';
import { isInside } from '../../shell/paths';
import { quoted } from '../../shell/text';
import { assertWritable } from './preconditions';

/** Where the adapter belongs. */
export interface AdapterPlace {
  /** The adapter's own folder. */
  folder: string;
  /** The content folder, or where `paths.installedAdaptersPath` says. Below it there must be no links. */
  base: string;
  /** The user with whose rights the folder is written. */
  owner: Owner;
}

/**
 * Returns the place of the adapter: below the content folder, or where `paths.installedAdaptersPath` says.
 *
 * @throws Failure when that is in a container and not on this machine
 */
export function adapterPlace(site: GhostSite): AdapterPlace {
  const { folder, compose } = site;
  const installed = installedAdaptersPath(site);
  if (installed !== undefined && compose && compose.toContainer(path.resolve(folder, installed)) === undefined) {
    throw new Failure(
      `Ghost looks for adapters in ${installed}, which is a folder of its container (paths__installedAdaptersPath).`,
      'Remove this variable, so that the adapter can be in the content folder, or mount a folder of the host there.\nTo build the adapter into an image: install --print',
    );
  }
  const base = installed === undefined ? baseInContent(site) : path.resolve(folder, installed);
  const place =
    installed === undefined ? placeInContent(site, ADAPTER_IN_CONTENT) : path.join(base, 'storage', ADAPTER);
  const owner = ownerOf(wayTo(base));
  return { folder: place, base, owner: owner.uid === 0 ? ownerOf(wayTo(path.dirname(place))) : owner };
}

/** Returns the content folder, or the folder that is mounted into it and contains the adapter. */
function baseInContent(site: GhostSite): string {
  const place = placeInContent(site, ADAPTER_IN_CONTENT);
  const names = ADAPTER_IN_CONTENT.split('/');
  const mounted = names
    .map((_, count) => ({ base: knownInContent(site, names.slice(0, count).join('/')), inner: names.slice(count) }))
    .find(({ base, inner }) => base !== undefined && path.join(base, ...inner) === place);
  return mounted?.base ?? path.dirname(place);
}

/** Returns `paths.installedAdaptersPath`, undefined also for an older Ghost, which does not support it. */
export const installedAdaptersPath = (site: GhostSite): string | undefined =>
  isAtLeast(site, OLDEST_WITH_INSTALLED_ADAPTERS) ? site.config.paths?.installedAdaptersPath : undefined;

/**
 * Makes sure that nothing leads the adapter elsewhere.
 *
 * @throws Failure with the link, or with the folder that others may change
 */
export function assertNoDetour({ folder, base, owner }: AdapterPlace): void {
  refuseForeignLinks(
    wayTo(base),
    `Otherwise use the path of the folder itself instead of ${base}: --content, or "paths" in Ghost's configuration.`,
  );
  const names = path.relative(base, folder).split(path.sep);
  const inner = names.map((_, index) => path.join(base, ...names.slice(0, index + 1)));
  // Version 1.0.0 has written into the last two.
  for (const place of [...inner, `${folder}.new`, `${folder}.old`]) {
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found && !found.isDirectory()) {
      throw new Failure(
        `${place} is ${found.isSymbolicLink() ? 'a link' : 'not a folder'}, so the adapter cannot be written there.`,
        'Check it, and delete it or move it elsewhere. The command then creates a folder there.',
      );
    }
  }
  if (owner.uid === 0) {
    refuseSharedWay(wayTo(path.dirname(folder)));
  }
}

/**
 * Makes sure that the adapter's folder can be written, and that Ghost can read it.
 *
 * @param ghost the owner of the content, the user that Ghost runs as
 * @throws Failure with the folder that cannot be written or read
 */
export function assertWritableFolder(place: AdapterPlace, contentPath: string, ghost: Owner): void {
  const { folder, owner } = place;
  const folders = wayTo(path.dirname(folder)).steps.filter(({ stats }) => stats.isDirectory());
  const last = folders.at(-1);
  assertWritable(last?.path ?? '/', {
    onReadOnlyMount: 'put the adapter into the folder that is mounted there. --print shows how, with Docker.',
    otherwise: 'Run the command as a user who can write there, usually with sudo.',
  });
  const giveToGhost = (name: string) =>
    `Make Ghost's user its owner: sudo chown -hR --reference=${quoted(contentPath)} ${quoted(name)} && sudo chmod -R u+rwX ${quoted(name)}`;
  if (isRoot() && last && !mayAccess(last.stats, owner, 0o3)) {
    throw new Failure(
      `${last.path} belongs to the user ${last.stats.uid}. The user ${owner.uid}, who owns the folders above it, cannot write there.`,
      giveToGhost(last.path),
    );
  }
  const content = wayTo(contentPath).real;
  const closed = folders.find((step) => isInside(step.path, content) && !mayAccess(step.stats, ghost, 0o5));
  if (closed) {
    throw new Failure(
      `The owner of ${contentPath}, the user that Ghost runs as, cannot read ${closed.path}.`,
      giveToGhost(closed.path),
    );
  }
}
