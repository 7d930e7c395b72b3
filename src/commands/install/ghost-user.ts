import path from 'node:path';
import type { GhostSite } from '../../ghost-site/site';
import type { Owner } from '../../shell/owner-rights';
import { ownerOf, refuseSharedWay, type Way, wayTo } from '../../shell/path-owners';

/** Ghost's own check of adapters, which Ghost 6 has for users who build images. */
export const checkOfGhost = (codeFolder: string): string => path.join(codeFolder, 'bin', 'validate-adapters.js');

/**
 * Returns the user whose rights are used to run Ghost's code and the adapter: the owner of the content, which is the
 * user that Ghost runs as. If that is root, it is another user who could change any of the code.
 *
 * @param adapter the adapter's folder
 * @throws Failure when root would run code that others can change
 */
export function userOfGhost({ contentPath, folder, codeFolder }: GhostSite, adapter: string): Owner {
  const owner = ownerOf(wayTo(contentPath));
  const ways = owner.uid === 0 ? waysOf(folder, codeFolder, adapter) : [];
  const other = ways.flatMap(({ steps }) => steps).find(({ stats }) => stats.uid !== 0);
  if (other) {
    return other.stats;
  }
  ways.forEach(refuseSharedWay);
  return owner;
}

/** Returns the ways to everything that is loaded. */
function waysOf(folder: string, codeFolder: string | undefined, adapter: string): Way[] {
  const code = codeFolder && [
    path.join(folder, 'current'),
    codeFolder,
    path.join(codeFolder, 'node_modules'),
    checkOfGhost(codeFolder),
  ];
  return [adapter, ...(code ?? [])].map(wayTo);
}
