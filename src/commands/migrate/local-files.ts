import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { compareKeys } from './feature-location';

/** What is found below a folder; `path` is relative to it, with slashes. */
export type LocalEntry =
  | {
      kind: 'file';
      path: string;
      /** Where it is, absolute. */
      file: string;
      bytes: number;
    }
  /** What nobody wants to have moved: hidden and temporary files. */
  | { kind: 'ignored'; path: string }
  /** What cannot be moved. */
  | { kind: 'refused'; path: string; reason: string };

/** So many files are looked at together. */
const BATCH_FILES = 128;

interface Folder {
  /** With a slash at its end; '' for the root. */
  path: string;
  realPath: string;
  /** In the order of their keys; those of folders end with a slash. */
  names: string[];
  next: number;
}

/**
 * Finds all files below a folder, in the order in which S3 lists their keys: by bytes, where a folder counts as its name
 * and a slash. Only the names of the folders on the way are held in memory.
 *
 * Links are followed as long as they stay inside.
 *
 * @param root absolute; a folder that is not there has no files
 * @param insides folders that links may lead into
 * @param leftOut path of a folder whose files are left out, with a slash at its end
 */
export async function* filesBelow(root: string, insides: string[], leftOut?: string): AsyncGenerator<LocalEntry[]> {
  const realInsides = await Promise.all([root, ...insides].map((folder) => realpath(folder).catch(() => folder)));
  const folders: Folder[] = [];
  const enter = async (folderPath: string): Promise<LocalEntry[]> => {
    try {
      const { folder, notes } = await readFolder(root, folderPath, folders, realInsides);
      folders.push(folder);
      return notes;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const isAbsent = folderPath === '' && code === 'ENOENT';
      return isAbsent ? [] : [{ kind: 'refused', path: folderPath, reason: `the folder cannot be read (${code})` }];
    }
  };

  yield await enter('');
  for (let folder = folders.at(-1); folder; folder = folders.at(-1)) {
    const { names, next } = folder;
    const name = names[next];
    if (name === undefined) {
      folders.pop();
    } else if (isFolderName(name)) {
      folder.next += 1;
      const inner = folder.path + name;
      yield inner === leftOut ? [] : await enter(inner);
    } else {
      const batch = names.slice(next, next + BATCH_FILES);
      const nextFolder = batch.findIndex(isFolderName);
      const files = nextFolder < 0 ? batch : batch.slice(0, nextFolder);
      folder.next += files.length;
      const { path: folderPath } = folder;
      yield await Promise.all(files.map((file) => describe(root, folderPath + file)));
    }
  }
}

async function describe(root: string, relativePath: string): Promise<LocalEntry> {
  const file = path.join(root, relativePath);
  try {
    return { kind: 'file', path: relativePath, file, bytes: (await stat(file)).size };
  } catch (error) {
    return { kind: 'refused', path: relativePath, reason: unreadable(error) };
  }
}

/** What is said of a file that cannot be read. */
export const unreadable = (error: unknown): string =>
  `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;

async function readFolder(
  root: string,
  folderPath: string,
  parents: readonly Folder[],
  insides: readonly string[],
): Promise<{ folder: Folder; notes: LocalEntry[] }> {
  const place = path.join(root, folderPath);
  const realPath = await realpath(place);
  // One character for each byte: of a name that is no UTF-8, nothing else tells the bytes.
  const entries = await readdir(place, { withFileTypes: true, encoding: 'latin1' });
  const realParents = [...parents.map((parent) => parent.realPath), realPath];
  const names: string[] = [];
  const notes: LocalEntry[] = [];
  for (const entry of entries) {
    const name = decoded(entry.name);
    if (name === undefined) {
      const shown = Buffer.from(entry.name, 'latin1').toString();
      notes.push({ kind: 'refused', path: folderPath + shown, reason: 'the name is not UTF-8' });
    } else if (name.startsWith('.') || name.endsWith('.tmp')) {
      notes.push({ kind: 'ignored', path: folderPath + name });
    } else {
      const kind = await kindOf(entry, path.join(place, name), realParents, insides);
      if (kind === 'file' || kind === 'folder') {
        names.push(kind === 'folder' ? `${name}/` : name);
      } else {
        notes.push({ kind: 'refused', path: folderPath + name, reason: kind.refused });
      }
    }
  }
  return { folder: { path: folderPath, realPath, names: names.sort(compareKeys), next: 0 }, notes };
}

async function kindOf(
  entry: Dirent,
  place: string,
  parents: readonly string[],
  insides: readonly string[],
): Promise<'file' | 'folder' | { refused: string }> {
  if (entry.isFile()) {
    return 'file';
  }
  if (entry.isDirectory()) {
    return 'folder';
  }
  if (!entry.isSymbolicLink()) {
    return { refused: 'it is neither a file nor a folder' };
  }
  try {
    const target = await realpath(place);
    if (!insides.some((inside) => isWithin(target, inside))) {
      return { refused: `the link leads out of the content, to ${target}` };
    }
    const stats = await stat(target);
    if (stats.isDirectory()) {
      return parents.some((parent) => isWithin(parent, target)) ? { refused: 'the link leads in a circle' } : 'folder';
    }
    return stats.isFile() ? 'file' : { refused: 'it is neither a file nor a folder' };
  } catch (error) {
    return { refused: `the link leads nowhere (${(error as NodeJS.ErrnoException).code})` };
  }
}

const isFolderName = (name: string) => name.endsWith('/');

/** Whether a path is a folder or below it. */
export const isWithin = (place: string, folder: string): boolean =>
  place === folder || place.startsWith(folder.endsWith(path.sep) ? folder : `${folder}${path.sep}`);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @param name a character for each byte */
function decoded(name: string): string | undefined {
  try {
    return /^\p{ASCII}*$/u.test(name) ? name : utf8.decode(Buffer.from(name, 'latin1'));
  } catch {
    return undefined;
  }
}
