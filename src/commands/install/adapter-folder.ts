import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Failure } from '../../shell/failure';
import { ADAPTER } from '../../core/features';
import type { GhostSite } from '../../ghost-site/site';
import { ownManifest, packageFile, readManifest } from '../../shell/paths';

/** The files of this package that Ghost needs, besides its package.json. */
const FILES = ['LICENSE', 'dist/THIRD_PARTY_LICENSES.txt', 'dist/index.js'];
const LAZY_FOLDER = 'dist/lazy';

/**
 * Returns the folder that the adapter belongs in: below the content folder, or where `paths.installedAdaptersPath` says.
 *
 * @param major Ghost's major version: 5 does not know that setting
 */
export function adapterFolder({ config, contentPath, folder }: GhostSite, major: number | undefined): string {
  const installed = major === 5 ? undefined : config.paths?.installedAdaptersPath;
  const adapters = installed === undefined ? path.join(contentPath, 'adapters') : path.resolve(folder, installed);
  return path.join(adapters, 'storage', ADAPTER);
}

/**
 * Returns the version of the adapter in a folder, undefined when the folder does not exist.
 *
 * @throws Failure when the folder holds something else
 */
export function installedVersion(folder: string): string | undefined {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found) {
    return undefined;
  }
  if (found.isSymbolicLink()) {
    throw new Failure(`${folder} is a link.`, 'Delete the link, or bring what it leads to up to date yourself.');
  }
  const manifest = manifestIn(folder);
  if (manifest?.name !== ownManifest().name) {
    throw new Failure(
      `${folder} is there, and is no version of this adapter.`,
      'Look what it is, and move it somewhere else.',
    );
  }
  return manifest.version;
}

/** Returns whether a folder holds exactly the files of this version. */
export function isInstalled(folder: string): boolean {
  if (installedVersion(folder) === undefined) {
    return false;
  }
  const wanted = adapterFiles();
  const files = everythingBelow(folder).filter((file) => !statSync(file).isDirectory());
  return (
    files.length === wanted.size &&
    files.every((file) => wanted.get(path.relative(folder, file).split(path.sep).join('/'))?.equals(readFileSync(file)))
  );
}

/** A changed adapter folder, while the change can still be undone. */
export interface FolderChange {
  /** Restores the former folder. */
  undo(): void;
  /** Deletes the former folder. */
  finish(): void;
}

/**
 * Runs something that has to succeed together with the change of the folder, which is undone otherwise.
 *
 * @throws the error of `run`, which says that everything is as it was before
 */
export function undoOnFailure<T>(change: FolderChange | undefined, run: () => T): T {
  try {
    const result = run();
    change?.finish();
    return result;
  } catch (error) {
    change?.undo();
    throw error instanceof Failure
      ? new Failure(error.message, `${error.cure}\nEverything is as it was before the command.`, { cause: error })
      : error;
  }
}

/**
 * Puts the adapter into its folder. The files are written next to it first, and the folder is renamed when all are there.
 *
 * @param owner the owner of new folders and files, when root runs the command
 */
export function putAdapter(folder: string, owner: Stats): FolderChange {
  const parent = path.dirname(folder);
  const created = createFolders(parent, owner);
  const fresh = `${folder}.new`;
  // An installation that was killed may have left it.
  rmSync(fresh, { recursive: true, force: true });
  for (const [name, bytes] of adapterFiles()) {
    const file = path.join(fresh, ...name.split('/'));
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  giveTo(fresh, owner);
  const removed = removeAdapter(folder);
  renameSync(fresh, folder);
  return {
    undo() {
      rmSync(folder, { recursive: true, force: true });
      removed.undo();
      created.reverse().forEach((name) => rmSync(name, { recursive: true, force: true }));
    },
    finish: () => removed.finish(),
  };
}

/** Removes the adapter's folder by renaming it. */
export function removeAdapter(folder: string): FolderChange {
  const old = `${folder}.old`;
  rmSync(old, { recursive: true, force: true });
  const isThere = existsSync(folder);
  if (isThere) {
    renameSync(folder, old);
  }
  return {
    undo() {
      if (isThere) {
        renameSync(old, folder);
      }
    },
    finish: () => rmSync(old, { recursive: true, force: true }),
  };
}

function manifestIn(folder: string) {
  try {
    return readManifest(folder);
  } catch {
    return undefined;
  }
}

/** Returns the files of the adapter, by their path with slashes. */
function adapterFiles(): Map<string, Buffer> {
  const lazy = readdirSync(packageFile(LAZY_FOLDER)).map((name) => `${LAZY_FOLDER}/${name}`);
  const files = [...FILES, ...lazy].map((name) => [name, readFileSync(packageFile(name))] as const);
  const { name, version, description, license, main, exports } = ownManifest();
  const manifest = JSON.stringify({ name, version, description, license, main, exports }, null, 2);
  return new Map([['package.json', Buffer.from(`${manifest}\n`)], ...files]);
}

/** Creates a folder with its parents, and returns those that were missing, the outermost first. */
function createFolders(folder: string, owner: Stats): string[] {
  const missing: string[] = [];
  for (let name = folder; !existsSync(name); name = path.dirname(name)) {
    missing.unshift(name);
  }
  for (const name of missing) {
    mkdirSync(name);
    giveTo(name, owner);
  }
  return missing;
}

/** Makes everything readable to all users whatever the umask is, and Ghost's own when root installs. */
function giveTo(folder: string, { uid, gid }: Stats): void {
  for (const name of [folder, ...everythingBelow(folder)]) {
    chmodSync(name, statSync(name).isDirectory() ? 0o755 : 0o644);
    if (process.getuid?.() === 0) {
      chownSync(name, uid, gid);
    }
  }
}

const everythingBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    return entry.isDirectory() ? [name, ...everythingBelow(name)] : [name];
  });
