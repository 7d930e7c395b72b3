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
import { packageFile } from '../../shell/paths';

/** What Ghost needs of this package, beside its package.json. */
const FILES = ['LICENSE', 'dist/THIRD_PARTY_LICENSES.txt', 'dist/index.js'];
const LAZY_FOLDER = 'dist/lazy';

interface Manifest {
  name: string;
  version: string;
}

/**
 * @param major of Ghost; 5 knows no other place than the content folder
 * @returns where the adapter belongs: outside of the content folder where Ghost is told so, as in an image of one's own
 */
export function adapterFolder({ config, contentPath, folder }: GhostSite, major: number | undefined): string {
  const installed = major === 5 ? undefined : config.paths?.installedAdaptersPath;
  const adapters = installed === undefined ? path.join(contentPath, 'adapters') : path.resolve(folder, installed);
  return path.join(adapters, 'storage', ADAPTER);
}

/**
 * @returns the version of the adapter that is installed there, undefined where there is nothing
 * @throws Failure when something else is there
 */
export function installedVersion(folder: string): string | undefined {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found) {
    return undefined;
  }
  if (found.isSymbolicLink()) {
    throw new Failure(`${folder} is a link.`, 'Delete the link, or bring what it leads to up to date yourself.');
  }
  const manifest = readManifest(folder);
  if (manifest?.name !== ownManifest().name) {
    throw new Failure(
      `${folder} is there, and is no version of this adapter.`,
      'Look what it is, and move it somewhere else.',
    );
  }
  return manifest.version;
}

/** @returns whether exactly this version's files are there */
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

/** An adapter that was put into its place, while it can still be taken back. */
export interface Replaced {
  /** Puts back what was there. */
  undo(): void;
  /** Deletes what was there. */
  finish(): void;
}

/**
 * Puts the adapter into its folder: complete beside it first, then by renaming.
 *
 * @param owner of new folders and files, where the process may give them away
 */
export function putAdapter(folder: string, owner: Stats): Replaced {
  const parent = path.dirname(folder);
  const made = makeFolders(parent, owner);
  const fresh = `${folder}.new`;
  // Of an installation that was killed.
  rmSync(fresh, { recursive: true, force: true });
  for (const [name, bytes] of adapterFiles()) {
    const file = path.join(fresh, ...name.split('/'));
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  giveTo(fresh, owner);
  const taken = takeAway(folder);
  renameSync(fresh, folder);
  return {
    undo() {
      rmSync(folder, { recursive: true, force: true });
      taken.undo();
      made.reverse().forEach((name) => rmSync(name, { recursive: true, force: true }));
    },
    finish: () => taken.finish(),
  };
}

/** Takes the adapter's folder away, by renaming it. */
export function takeAway(folder: string): Replaced {
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

/** The version of this package. */
export const ownVersion = (): string => ownManifest().version;

const ownManifest = () => JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as Manifest;

function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

/** What the adapter consists of, by path with slashes. */
function adapterFiles(): Map<string, Buffer> {
  const lazy = readdirSync(packageFile(LAZY_FOLDER)).map((name) => `${LAZY_FOLDER}/${name}`);
  const files = [...FILES, ...lazy].map((name) => [name, readFileSync(packageFile(name))] as const);
  const { name, version, description, license, main, exports } = JSON.parse(
    readFileSync(packageFile('package.json'), 'utf8'),
  ) as Record<string, unknown>;
  const manifest = JSON.stringify({ name, version, description, license, main, exports }, null, 2);
  return new Map([['package.json', Buffer.from(`${manifest}\n`)], ...files]);
}

/** @returns the folders that were not there, the outermost first */
function makeFolders(folder: string, owner: Stats): string[] {
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

/** Readable for everybody whatever the umask is, and Ghost's own where root installs. */
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
