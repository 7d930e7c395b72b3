import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../../shell/failure';
import { withRightsOf } from '../../shell/owner-rights';
import { type Manifest, ownManifest, packageFile, readManifest } from '../../shell/paths';
import { readRegularFile, someNamesIn, UnsuitableFile } from '../../shell/read-file';
import type { AdapterPlace } from './adapter-place';

/** The files of this package that Ghost needs, in addition to its package.json. */
const FILES = ['LICENSE', 'dist/THIRD_PARTY_LICENSES.txt', 'dist/index.js'];
const LAZY_FOLDER = 'dist/lazy';

/** The folders of the adapter's files, the outermost first. */
export const ADAPTER_FOLDERS = ['', 'dist', LAZY_FOLDER];

/** Returns the files of the adapter, by their path with slashes. */
export function adapterFiles(): Map<string, Buffer> {
  const lazy = readdirSync(packageFile(LAZY_FOLDER)).map((name) => `${LAZY_FOLDER}/${name}`);
  const files = [...FILES, ...lazy].map((name) => [name, readFileSync(packageFile(name))] as const);
  const { name, version, description, license, main, exports } = ownManifest();
  const manifest = JSON.stringify({ name, version, description, license, main, exports }, null, 2);
  return new Map([['package.json', Buffer.from(`${manifest}\n`)], ...files]);
}

/**
 * Returns the version of the adapter in its folder, undefined when the folder does not exist.
 *
 * @throws Failure when the folder contains something else
 */
export function installedVersion({ folder, owner }: AdapterPlace): string | undefined {
  if (!lstatSync(folder, { throwIfNoEntry: false })) {
    return undefined;
  }
  const { name } = ownManifest();
  const manifest = withRightsOf(owner, () => manifestIn(folder));
  if (manifest?.name !== name) {
    throw new Failure(
      `${folder} exists, but is not a version of this adapter.`,
      'Check its contents, and move it elsewhere.',
    );
  }
  return manifest.version;
}

/**
 * Returns whether the adapter's folder contains exactly the files of this version.
 *
 * @throws Failure when one of them is not a file
 */
export function isInstalled(place: AdapterPlace): boolean {
  const { folder, owner } = place;
  if (installedVersion(place) === undefined) {
    return false;
  }
  const wanted = adapterFiles();
  return withRightsOf(
    owner,
    () =>
      ADAPTER_FOLDERS.every((inner) => holdsOnly(path.join(folder, inner), namesBelow(inner, [...wanted.keys()]))) &&
      [...wanted].every(([name, bytes]) => holds(path.join(folder, name), bytes)),
  );
}

/** Returns the names of the files and folders that the adapter has in one of its folders. */
const namesBelow = (inner: string, files: string[]): string[] =>
  [...files, ...ADAPTER_FOLDERS.slice(1)]
    .filter((name) => path.posix.dirname(name) === (inner || '.'))
    .map((name) => path.posix.basename(name));

function holdsOnly(folder: string, names: string[]): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? someNamesIn(folder, names.length + 1)
    : [];
  return isDeepStrictEqual(new Set(found), new Set(names));
}

function holds(file: string, bytes: Buffer): boolean {
  try {
    return readRegularFile(file, bytes.length).bytes.equals(bytes);
  } catch (error) {
    if (error instanceof UnsuitableFile && !error.isTooLarge) {
      throw new Failure(`${error.message}.`, 'Check it, and delete it.', { cause: error });
    }
    return false;
  }
}

function manifestIn(folder: string): Manifest | undefined {
  try {
    return readManifest(folder);
  } catch {
    return undefined;
  }
}
