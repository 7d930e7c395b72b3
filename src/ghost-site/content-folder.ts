import path from 'node:path';
import { FEATURES } from '../core/features';
import { isFolder } from './site';

/** Folders that Ghost and Ghost-CLI create in a content folder, and that few other programs use. */
const TELLING_FOLDERS: readonly string[] = [...FEATURES, 'themes', 'settings', 'adapters'];

/** Everything that a content folder has: https://docs.ghost.org/config#paths */
const CONTENT_FOLDERS: readonly string[] = [...TELLING_FOLDERS, 'data', 'logs', 'public'];

/** Where the content folder is in the folder of an installation: Ghost-CLI's, and that of Ghost in Docker. */
const USUAL_PLACES = ['content', 'data/ghost'];

/** Returns whether a folder looks like Ghost's content folder, also that of a new blog, which has no uploads. */
export const isContentFolder = (folder: string): boolean =>
  TELLING_FOLDERS.filter((name) => isFolder(path.join(folder, name))).length >= 2;

/** Another folder than the one that was named. */
export interface OtherFolder {
  folder: string;
  /** What the named folder is: `Ghost's images folder`. */
  named: string;
}

/**
 * Finds the content folder that the user meant but did not name: the path is a folder inside it, such as
 * `content/images`, or the folder that it is in.
 *
 * @param named an absolute path
 * @returns undefined when the folder looks like a content folder itself, and when there is none near it
 */
export function meantContentFolder(named: string): OtherFolder | undefined {
  if (isContentFolder(named)) {
    return undefined;
  }
  for (let inner = named; path.dirname(inner) !== inner; inner = path.dirname(inner)) {
    const folder = path.dirname(inner);
    const name = path.basename(inner);
    if (CONTENT_FOLDERS.includes(name) && isContentFolder(folder)) {
      return { folder, named: inner === named ? `Ghost's ${name} folder` : `a folder in Ghost's ${name} folder` };
    }
  }
  // Ghost's code also has a content folder, which is not that of the blog.
  const isCurrent = path.basename(named) === 'current';
  const isVersion = path.basename(path.dirname(named)) === 'versions';
  const installed = isCurrent ? path.dirname(named) : isVersion ? path.dirname(path.dirname(named)) : named;
  const folder = USUAL_PLACES.map((place) => path.join(installed, place)).find(isContentFolder);
  return folder === undefined
    ? undefined
    : { folder, named: installed === named ? "the folder of Ghost's installation" : "the folder of Ghost's code" };
}
