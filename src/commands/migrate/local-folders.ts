import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  type Stats,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { descriptorPath, type FeatureDisk, placeOf } from '../../ghost-site/feature-disk';
import { FileProblem } from './file-problem';
import { isLeftover } from './temporary-names';

/** Whether open folders are accessible through /proc (on Linux), even after their path has changed. */
const HAS_DESCRIPTOR_PATHS = existsSync(descriptorPath(0));

/** Returns whether a path stays inside its folder, on every operating system. */
export function isSafePath(relativePath: string): boolean {
  const segments = relativePath.split('/');
  const hasBackslash = path.sep === '\\' && relativePath.includes('\\');
  return !hasBackslash && !relativePath.includes('\0') && segments.every((name) => !['', '.', '..'].includes(name));
}

/**
 * A folder that stays the same even if someone replaces it with a link. On other systems than Linux, it is only
 * checked.
 */
export class PinnedFolder {
  private constructor(
    /** Its path without links. */
    readonly realPath: string,
    private readonly opened?: number,
  ) {}

  /**
   * Opens a folder.
   *
   * @param file path to the folder
   * @param realPath path where it should be
   * @throws FileProblem when it is outside of the content, and disk errors, with ENOTDIR for a link
   */
  static pin(disk: FeatureDisk, file: string, realPath: string): PinnedFolder {
    const folder = HAS_DESCRIPTOR_PATHS
      ? new PinnedFolder(realPath, openSync(file, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW))
      : new PinnedFolder(realPath);
    try {
      if (!folder.stats().isDirectory() || !folder.isInPlace() || !disk.allows(realPath)) {
        throw leadsOut(realPath);
      }
      return folder;
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  /** Returns the path of a name in the folder. */
  at(name: string): string {
    return path.join(this.opened === undefined ? this.realPath : descriptorPath(this.opened), name);
  }

  private stats(): Stats {
    return this.opened === undefined ? lstatSync(this.realPath) : fstatSync(this.opened);
  }

  /** Returns whether the folder is still at its path. */
  isInPlace(): boolean {
    return (
      (this.opened === undefined ? realpathSync(this.realPath) : placeOf(this.opened, this.realPath)) === this.realPath
    );
  }

  close(): void {
    if (this.opened !== undefined) {
      closeSync(this.opened);
    }
  }
}

/** The folders that a feature's files are written to. All methods are steps for `FeatureDisk.run`. */
export class LocalFolders {
  /** The folders from which leftovers of killed runs were removed. */
  private readonly cleared = new Set<string>();

  /** @param clears whether to remove temporary files of runs that were killed */
  constructor(
    private readonly disk: FeatureDisk,
    private readonly clears: boolean,
  ) {}

  /**
   * Opens a folder. Links in its path are followed if they point into images, media or files.
   *
   * @param relativePath path in the feature's folder, with slashes; '.' for that folder
   * @returns undefined when it does not exist
   * @throws FileProblem when a link or a file is in the way
   */
  open(relativePath: string): PinnedFolder | undefined {
    const folder = this.walk(relativePath, false);
    if (folder && this.clears && !this.cleared.has(folder.realPath)) {
      this.cleared.add(folder.realPath);
      const leftovers = readdirSync(folder.at('.')).filter((name) => isLeftover(name));
      leftovers.forEach((name) => rmSync(folder.at(name), { force: true }));
    }
    return folder;
  }

  /** Opens a folder like `open`, and creates it and its parents if needed. */
  create(relativePath: string): PinnedFolder {
    return this.walk(relativePath, true) as PinnedFolder;
  }

  private walk(relativePath: string, creates: boolean): PinnedFolder | undefined {
    const { disk } = this;
    let folder: PinnedFolder | undefined;
    if (creates) {
      mkdirSync(disk.root, { recursive: true });
    }
    try {
      folder = PinnedFolder.pin(disk, disk.root, disk.root);
      for (const name of relativePath.split('/').filter((part) => part !== '.')) {
        const inner: PinnedFolder = this.enter(folder, name, creates);
        folder.close();
        folder = inner;
      }
      return folder;
    } catch (error) {
      folder?.close();
      if (!creates && (error as NodeJS.ErrnoException).code === 'ENOENT') {
        return undefined;
      }
      throw error;
    }
  }

  private enter(folder: PinnedFolder, name: string, creates: boolean): PinnedFolder {
    const file = folder.at(name);
    const realPath = path.join(folder.realPath, name);
    let stats = lstatIfExists(file);
    if (!stats && creates) {
      createFolder(file);
      stats = lstatSync(file);
    }
    if (stats?.isSymbolicLink()) {
      const target = realpathSync(file);
      if (!this.disk.allows(target)) {
        throw leadsOut(target);
      }
      return PinnedFolder.pin(this.disk, target, target);
    }
    if (stats && !stats.isDirectory()) {
      throw new FileProblem('failed', `${realPath} is a file but should be a folder`);
    }
    return PinnedFolder.pin(this.disk, file, realPath);
  }
}

const leadsOut = (target: string) =>
  new FileProblem('refused', `a link in its path points outside of the content, to ${target}`);

/** Returns the stats of a path itself, without following a link there. */
export function lstatIfExists(file: string): Stats | undefined {
  return lstatSync(file, { throwIfNoEntry: false });
}

/** Creates a folder, unless another run has just created it. */
function createFolder(file: string): void {
  try {
    mkdirSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
}
