import { type Dirent, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { isInside } from '../shell/paths';
import { compareKeys } from '../core/key-order';
import type { FeatureDisk } from './feature-disk';
import type { FileState } from '../shell/watched-file';

/** An entry below a folder; `path` is relative to it, with slashes. */
export type LocalEntry =
  | {
      kind: 'file';
      path: string;
      /** Its absolute path, without links. */
      file: string;
      bytes: number;
      state: FileState;
    }
  /** A hidden or temporary file or folder. */
  | { kind: 'ignored'; path: string; reason: string }
  /** A file or folder that cannot be transferred. */
  | { kind: 'refused'; path: string; reason: string };

/** How many files are examined together. */
const BATCH_FILES = 128;

interface Folder {
  /** Relative to the root, with a slash at its end; '' for the root. */
  path: string;
  realPath: string;
  /** In the order of their keys; the names of folders end with a slash. */
  names: string[];
  next: number;
  /** Where the links among the names lead, by these names. */
  targets: Map<string, string>;
}

/**
 * Finds all files below a folder, in the order in which S3 lists their keys: by bytes, with a slash after the names of
 * folders. It keeps only the names in the current folder and in those above it in memory.
 *
 * Links are followed when they lead into the images, media or files folder.
 *
 * @param disk a folder that does not exist has no files
 * @param isLeftOut tells which folders to leave out, by their paths with a slash at the end
 */
export async function* filesBelow(
  disk: FeatureDisk,
  isLeftOut = (_folder: string) => false,
): AsyncGenerator<LocalEntry[]> {
  const folders: Folder[] = [];
  const openFolder = async (folderPath: string, realPath: string): Promise<LocalEntry[]> => {
    try {
      const { folder, notes } = await disk.run(() => readFolder(disk, folderPath, realPath, folders));
      folders.push(folder);
      return notes;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const isAbsent = folderPath === '' && code === 'ENOENT';
      const reason = `the folder cannot be read (${code})${disk.cureFor(error, realPath)}`;
      return isAbsent ? [] : [{ kind: 'refused', path: folderPath, reason }];
    }
  };

  yield await openFolder('', disk.root);
  for (let folder = folders.at(-1); folder; folder = folders.at(-1)) {
    const current = folder;
    const { names, next } = current;
    const name = names[next];
    if (name === undefined) {
      folders.pop();
    } else if (isFolderName(name)) {
      current.next += 1;
      const inner = current.path + name;
      yield isLeftOut(inner) ? [] : await openFolder(inner, realPathIn(current, name));
    } else {
      const batch = names.slice(next, next + BATCH_FILES);
      const nextFolder = batch.findIndex(isFolderName);
      const files = nextFolder < 0 ? batch : batch.slice(0, nextFolder);
      current.next += files.length;
      yield await disk.run(() => files.map((file) => readEntry(disk, current, file)));
    }
  }
}

const realPathIn = ({ realPath, targets }: Folder, name: string): string =>
  targets.get(name) ?? path.join(realPath, name.replace(/\/$/, ''));

function readEntry(disk: FeatureDisk, folder: Folder, name: string): LocalEntry {
  const relativePath = folder.path + name;
  const file = realPathIn(folder, name);
  try {
    const { dev, ino, size, mtimeNs } = lstatSync(file, { bigint: true });
    return { kind: 'file', path: relativePath, file, bytes: Number(size), state: { dev, ino, size, mtimeNs } };
  } catch (error) {
    return { kind: 'refused', path: relativePath, reason: unreadable(disk, error, file) };
  }
}

/** Explains why a file cannot be read. */
export function unreadable(disk: FeatureDisk, error: unknown, file: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ELOOP'
    ? 'it was replaced by a link after it was listed'
    : `the file cannot be read (${code ?? message})${disk.cureFor(error, file)}`;
}

function readFolder(
  disk: FeatureDisk,
  folderPath: string,
  realPath: string,
  parents: readonly Folder[],
): { folder: Folder; notes: LocalEntry[] } {
  assertNoLink(realPath);
  // latin1 gives one character per byte, which keeps the bytes of names that are not UTF-8.
  const entries = readdirSync(realPath, { withFileTypes: true, encoding: 'latin1' });
  assertNoLink(realPath);
  const realParents = [...parents.map((parent) => parent.realPath), realPath];
  const names: string[] = [];
  const notes: LocalEntry[] = [];
  const targets = new Map<string, string>();
  for (const entry of entries) {
    const name = decoded(entry.name);
    if (name === undefined) {
      const shown = Buffer.from(entry.name, 'latin1').toString();
      notes.push({ kind: 'refused', path: folderPath + shown, reason: 'the name is not UTF-8' });
    } else if (name.startsWith('.') || name.endsWith('.tmp')) {
      const reason = name.startsWith('.') ? 'it is hidden' : 'it is temporary';
      notes.push({ kind: 'ignored', path: folderPath + name, reason });
    } else {
      const found = kindOf(disk, entry, path.join(realPath, name), realParents);
      if ('refused' in found) {
        notes.push({ kind: 'refused', path: folderPath + name, reason: found.refused });
      } else {
        const listed = found.kind === 'folder' ? `${name}/` : name;
        names.push(listed);
        if (found.target !== undefined) {
          targets.set(listed, found.target);
        }
      }
    }
  }
  return { folder: { path: folderPath, realPath, names: names.sort(compareKeys), next: 0, targets }, notes };
}

/** @throws ELOOP when the path of a folder has a link, although its links were resolved before */
function assertNoLink(realPath: string): void {
  if (realpathSync(realPath) !== realPath) {
    throw Object.assign(new Error(`${realPath} was replaced by a link`), { code: 'ELOOP' });
  }
}

const NO_FILE = { refused: 'it is neither a file nor a folder' };

type Kind = { kind: 'file' | 'folder'; target?: string } | { refused: string };

function kindOf(disk: FeatureDisk, entry: Dirent, entryPath: string, parents: readonly string[]): Kind {
  if (entry.isFile()) {
    return { kind: 'file' };
  }
  if (entry.isDirectory()) {
    return { kind: 'folder' };
  }
  if (!entry.isSymbolicLink()) {
    return NO_FILE;
  }
  try {
    const target = realpathSync(entryPath);
    if (!disk.allows(target)) {
      return {
        refused: `the link points out of the content folder, to ${target}; only images, media and files are public. If the blog shows the files, put them there`,
      };
    }
    const stats = statSync(target);
    if (stats.isDirectory()) {
      const isLoop = parents.some((parent) => isInside(parent, target));
      return isLoop ? { refused: 'the link is part of a loop' } : { kind: 'folder', target };
    }
    return stats.isFile() ? { kind: 'file', target } : NO_FILE;
  } catch (error) {
    return { refused: `the link is broken (${(error as NodeJS.ErrnoException).code})` };
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
