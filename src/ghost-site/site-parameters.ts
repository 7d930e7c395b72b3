import { existsSync } from 'node:fs';
import { Failure } from '../shell/failure';
import { quoted } from '../shell/text';
import { knownContent } from './content-place';
import { findGhostSite, type GhostSite, type GhostSiteOptions } from './site';

/**
 * Returns the options with which another command finds the same Ghost from the working directory, as they are written
 * after its name: ` --config /var/www/ghost/config.production.json`. Empty when it needs none.
 *
 * @param site `contentPath` is left out where any content folder will do
 */
export function siteParameters(site: Pick<GhostSite, 'configFile'> & Partial<GhostSite>): string {
  const { configFile, folder } = site;
  const contentPath = knownContent(site);
  const isFile = existsSync(configFile);
  const ways: GhostSiteOptions[] = [
    {},
    ...(isFile ? [{ config: configFile }] : []),
    ...(folder === undefined ? [] : [{ ghost: folder }]),
    { ...(isFile && { config: configFile }), ...(folder !== undefined && { ghost: folder }), content: contentPath },
  ];
  const options =
    ways.find((way) => isSame(way, { configFile, contentPath })) ?? (isFile ? { config: configFile } : {});
  return Object.entries(options)
    .filter((option): option is [string, string] => option[1] !== undefined)
    .map(([name, value]) => ` --${name} ${quoted(value)}`)
    .join('');
}

function isSame(options: GhostSiteOptions, { configFile, contentPath }: Partial<GhostSite>): boolean {
  try {
    // sudo and another shell do not have this NODE_ENV.
    const found = findGhostSite(options, { ...process.env, NODE_ENV: undefined });
    return found.configFile === configFile && (contentPath === undefined || found.contentPath === contentPath);
  } catch (error) {
    if (error instanceof Failure) {
      return false;
    }
    throw error;
  }
}
