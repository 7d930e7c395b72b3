import path from 'node:path';

/** @returns whether a file is a folder or lies below it, by their names */
export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '../..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
