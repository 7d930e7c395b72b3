import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { readRegularFile } from './read-file';

/** The fields of a package.json that are read here. */
export interface Manifest {
  name: string;
  version: string;
  description: string;
  main?: string;
  engines?: { node?: string };
  bugs?: string | { url?: string };
  repository?: string | { url?: string };
  [field: string]: unknown;
}

/** The largest package.json (bytes) that is read. */
const LARGEST_MANIFEST = 1_000_000;

/** Returns the package.json of a package. */
export const readManifest = (folder: string): Manifest =>
  JSON.parse(readRegularFile(path.join(folder, 'package.json'), LARGEST_MANIFEST).bytes.toString('utf8')) as Manifest;

/** Returns the package.json of this package. */
export const ownManifest = (): Manifest => readManifest(path.dirname(packageFile('package.json')));

/** Returns the URL where problems of this package are reported; undefined until its package.json names one. */
export function issuesUrl({ bugs, repository }: Manifest = ownManifest()): string | undefined {
  const urlOf = (field?: string | { url?: string }) => (typeof field === 'string' ? field : field?.url);
  const home = urlOf(repository)
    ?.replace(/^git\+/, '')
    .replace(/\.git$/, '');
  return [urlOf(bugs), home].find((url) => url?.startsWith('https://'));
}

/** Returns the path of a file of this package, `infrastructure/template.yaml`, both from the sources and the build. */
export function packageFile(name: string): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    const file = path.join(folder, name);
    // The second condition rules out the package.json of another package on the way up.
    if (existsSync(file) && existsSync(path.join(folder, 'infrastructure'))) {
      return file;
    }
    if (folder === path.dirname(folder)) {
      throw new Error(`This package is incomplete: ${name} is missing.`);
    }
  }
}

/**
 * Returns whether something is at a path, or where a link there points to.
 *
 * @throws the error of `fs` when that cannot be seen: a closed folder never means that nothing is in it
 */
export function exists(place: string): boolean {
  try {
    statSync(place);
    return true;
  } catch (error) {
    if (isAbsent(error)) {
      return false;
    }
    throw error;
  }
}

/** Returns whether an error of `fs` says that nothing is at the path. */
export const isAbsent = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Returns the names in a folder; none when it does not exist. */
export const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** Returns whether a path is a folder or below it, judging by the names alone. */
export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
