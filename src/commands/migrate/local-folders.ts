import type { Stats } from 'node:fs';
import { chown, mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { isInside } from '../../shell/paths';

/** Whether a path stays below its folder, on every system. */
export function isSafePath(relativePath: string): boolean {
  const segments = relativePath.split('/');
  const hasBackslash = path.sep === '\\' && relativePath.includes('\\');
  return !hasBackslash && !relativePath.includes('\0') && segments.every((name) => !['', '.', '..'].includes(name));
}

/** The folders that files are written to. */
export class LocalFolders {
  private readonly known = new Map<string, Promise<boolean>>();

  /**
   * @param allowedFolders folders that links may lead into, besides the root
   * @param owner the user and group that run Ghost, who get the files when root runs the command
   */
  constructor(
    private readonly root: string,
    private readonly allowedFolders: string[],
    private readonly owner: Stats,
  ) {}

  /** Whether a folder is in an allowed one, or will be when it is created. Links are followed. */
  isAllowed(folder: string): Promise<boolean> {
    let answer = this.known.get(folder);
    if (!answer) {
      answer = this.check(folder);
      this.known.set(folder, answer);
    }
    return answer;
  }

  /** Creates a folder and the folders above it. */
  async create(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true });
    for (let created = folder; first !== undefined && isInside(created, first); created = path.dirname(created)) {
      await this.giveToOwner(created);
    }
  }

  /** Gives a file or folder to the owner: Ghost could not change one that belongs to root. */
  async giveToOwner(target: string): Promise<void> {
    if (process.getuid?.() === 0) {
      await chown(target, this.owner.uid, this.owner.gid);
    }
  }

  private async check(folder: string): Promise<boolean> {
    try {
      const real = await realpath(folder);
      const allowed = await Promise.all(
        [this.root, ...this.allowedFolders].map((other) => realpath(other).catch(() => other)),
      );
      return allowed.some((other) => isInside(real, other));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw error;
      }
      // The folder will be created, so the nearest one that exists decides.
      return folder === this.root || this.isAllowed(path.dirname(folder));
    }
  }
}
