import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * Finds a file of this package, from its sources as well as from what is built.
 *
 * @param name from the package's folder on, `infrastructure/template.yaml`
 * @returns its path
 */
export function packageFile(name: string): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    const file = path.join(folder, name);
    // Not the package.json of another package on the way.
    if (existsSync(file) && existsSync(path.join(folder, 'infrastructure'))) {
      return file;
    }
    if (folder === path.dirname(folder)) {
      throw new Error(`This package is not complete: ${name} is missing.`);
    }
  }
}

/** @returns whether a file is a folder or lies below it, by their names */
export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
