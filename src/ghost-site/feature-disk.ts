import { fstatSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { type Feature, FEATURES } from '../core/features';
import { Failure } from '../shell/failure';
import { isRoot, type Owner, withRightsOf } from '../shell/owner-rights';
import { ownerOf, refuseForeignLinks, wayTo } from '../shell/path-owners';
import { isInside } from '../shell/paths';
import { type Content, featureFolder } from './content-place';
import { quoted } from '../shell/text';

/**
 * The folder of a feature's files on the disk, and the rights to use it: when root runs the command, those of the
 * folder's owner, who can change anything in it at any time.
 */
export class FeatureDisk {
  private readonly waiting: { run: () => void; reject: (error: Error) => void }[] = [];

  /**
   * @param root the folder, without links in its path; it may not exist
   * @param allowedFolders folders that links may lead into, without links in their paths
   */
  constructor(
    readonly root: string,
    private readonly allowedFolders: readonly string[],
    readonly owner: Owner,
  ) {}

  /**
   * Runs a step with the owner's rights. Steps that wait at the same time share the change of rights, which takes longer
   * than most of them.
   *
   * @param step is synchronous
   */
  run<T>(step: () => T): Promise<T> {
    return new Promise((resolve, reject: (error: Error) => void) => {
      const run = () => {
        try {
          resolve(step());
        } catch (error) {
          reject(error as Error);
        }
      };
      this.waiting.push({ run, reject });
      if (this.waiting.length === 1) {
        setImmediate(() => this.runWaiting());
      }
    });
  }

  private runWaiting(): void {
    const steps = this.waiting.splice(0);
    try {
      withRightsOf(this.owner, () => steps.forEach(({ run }) => run()));
    } catch (error) {
      // The process cannot get these rights, for example in a container without CAP_SETUID.
      steps.forEach(({ reject }) => reject(error as Error));
    }
  }

  /** Whether a path is allowed: in this folder, or in one that links may lead into. */
  allows(realPath: string): boolean {
    return [this.root, ...this.allowedFolders].some((folder) => isInside(realPath, folder));
  }

  /** Returns whose rights were not enough, and the fix, after a disk error; '' where they do not matter. */
  cureFor(error: unknown, file: string): string {
    const isForbidden = ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
    const { uid } = this.owner;
    return isForbidden && isRoot() && uid !== 0
      ? `; the command has only the rights of the folder's owner, user ${uid}. If the blog should show this file: sudo chown -h ${uid} ${quoted(file)}`
      : '';
  }
}

/**
 * Finds the folders of all features. Links inside them may lead into each other's.
 *
 * @throws Failure for a folder that is a link to more than images, media or files, or another user's link to elsewhere,
 *   and for one that only Docker can reach
 */
export function featureDisks(site: Content): Record<Feature, FeatureDisk> {
  const content = wayTo(site.contentPath).real;
  const ways = FEATURES.map((feature) => {
    const folder = featureFolder(site, feature);
    return { feature, folder, way: wayTo(folder) };
  });
  const usual = ways.map(({ folder }) => path.join(wayTo(path.dirname(folder)).real, path.basename(folder)));
  for (const { folder, way } of ways) {
    refuseForeignLinks(way, `Otherwise replace ${folder} with the folder itself.`);
    const isElsewhere = isInside(way.real, content) && !usual.some((other) => isInside(way.real, other));
    if (isElsewhere || isInside(content, way.real)) {
      throw new Failure(
        `${folder} is a link to ${way.real}, which is not a folder of images, media or files.`,
        'All files below it would be public. Replace the link with the folder that the blog shows.',
      );
    }
  }
  const folders = ways.map(({ way }) => way.real);
  const disks = ways.map(({ feature, way }) => [feature, new FeatureDisk(way.real, folders, ownerOf(way))]);
  return Object.fromEntries(disks) as Record<Feature, FeatureDisk>;
}

/** Returns the path at which an open file or folder really is; undefined when the path that it was opened by has changed. */
export function placeOf(opened: number, file: string): string | undefined {
  try {
    return readlinkSync(descriptorPath(opened));
  } catch {
    // Only Linux shows it.
    const real = realpathSync(file);
    const [there, { dev, ino }] = [lstatSync(real), fstatSync(opened)];
    return there.dev === dev && there.ino === ino ? real : undefined;
  }
}

/** Returns the path through which Linux reaches an open file or folder, wherever it was moved: see proc(5). */
export const descriptorPath = (opened: number): string => `/proc/self/fd/${opened}`;
