import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isInside } from '../../shell/paths';
import { compareKeys } from './feature-location';

/** An entry below a folder; `path` is relative to it, with slashes. */
export type LocalEntry =
  | {
      kind: 'file';
      path: string;
      /** Its absolute path. */
      file: string;
      bytes: number;
    }
  /** A hidden or temporary file. */
  | { kind: 'ignored'; path: string }
  /** A file or folder that cannot be transferred. */
  | { kind: 'refused'; path: string; reason: string };

/** How many files are read together. */
const BATCH_FILES = 128;

interface Folder {
  /** Relative to the root, with a slash at its end; '' for the root. */
  path: string;
  realPath: string;
  /** In the order of their keys; the names of folders end with a slash. */
  names: string[];
  next: number;
}

/**
 * Finds all files below a folder, in the order in which S3 lists their keys: by bytes, with a slash after the names of
 * folders. It keeps only the names in the current folder and in those above it in memory.
 *
 * Links are followed unless they lead out of the allowed folders.
 *
 * @param root absolute; a folder that does not exist has no files
 * @param allowedFolders folders that links may lead into, besides the root
 * @param leftOut path of a folder to leave out, with a slash at its end
 */
export async function* filesBelow(
  root: string,
  allowedFolders: string[],
  leftOut?: string,
): AsyncGenerator<LocalEntry[]> {
  const realAllowed = await Promise.all(
    [root, ...allowedFolders].map((folder) => realpath(folder).catch(() => folder)),
  );
  const folders: Folder[] = [];
  const openFolder = async (folderPath: string): Promise<LocalEntry[]> => {
    try {
      const { folder, notes } = await readFolder(root, folderPath, folders, realAllowed);
      folders.push(folder);
      return notes;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const isAbsent = folderPath === '' && code === 'ENOENT';
      return isAbsent ? [] : [{ kind: 'refused', path: folderPath, reason: `the folder cannot be read (${code})` }];
    }
  };

  yield await openFolder('');
  for (let folder = folders.at(-1); folder; folder = folders.at(-1)) {
    const { names, next } = folder;
    const name = names[next];
    if (name === undefined) {
      folders.pop();
    } else if (isFolderName(name)) {
      folder.next += 1;
      const inner = folder.path + name;
      yield inner === leftOut ? [] : await openFolder(inner);
    } else {
      const batch = names.slice(next, next + BATCH_FILES);
      const nextFolder = batch.findIndex(isFolderName);
      const files = nextFolder < 0 ? batch : batch.slice(0, nextFolder);
      folder.next += files.length;
      const { path: folderPath } = folder;
      yield await Promise.all(files.map((file) => readEntry(root, folderPath + file)));
    }
  }
}

async function readEntry(root: string, relativePath: string): Promise<LocalEntry> {
  const file = path.join(root, relativePath);
  try {
    return { kind: 'file', path: relativePath, file, bytes: (await stat(file)).size };
  } catch (error) {
    return { kind: 'refused', path: relativePath, reason: unreadable(error) };
  }
}

/** Explains why a file cannot be read. */
export const unreadable = (error: unknown): string =>
  `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;

async function readFolder(
  root: string,
  folderPath: string,
  parents: readonly Folder[],
  allowedFolders: readonly string[],
): Promise<{ folder: Folder; notes: LocalEntry[] }> {
  const absolutePath = path.join(root, folderPath);
  const realPath = await realpath(absolutePath);
  // latin1 gives one character per byte, which keeps the bytes of names that are not UTF-8.
  const entries = await readdir(absolutePath, { withFileTypes: true, encoding: 'latin1' });
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
      const kind = await kindOf(entry, path.join(absolutePath, name), realParents, allowedFolders);
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
  entryPath: string,
  parents: readonly string[],
  allowedFolders: readonly string[],
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
    const target = await realpath(entryPath);
    if (!allowedFolders.some((folder) => isInside(target, folder))) {
      return { refused: `the link leads out of the content, to ${target}` };
    }
    const stats = await stat(target);
    if (stats.isDirectory()) {
      return parents.some((parent) => isInside(parent, target)) ? { refused: 'the link is part of a loop' } : 'folder';
    }
    return stats.isFile() ? 'file' : { refused: 'it is neither a file nor a folder' };
  } catch (error) {
    return { refused: `the link leads nowhere (${(error as NodeJS.ErrnoException).code})` };
  }
}

const isFolderName = (name: string) => name.endsWith('/');

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @param name one character per byte */
function decoded(name: string): string | undefined {
  try {
    return /^\p{ASCII}*$/u.test(name) ? name : utf8.decode(Buffer.from(name, 'latin1'));
  } catch {
    return undefined;
  }
}
