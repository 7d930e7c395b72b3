import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Failure } from '../../../shell/failure';
import { withRightsOf } from '../../../shell/owner-rights';
import { ownerOf, type Way, wayTo } from '../../../shell/path-owners';
import { readRegularFile } from '../../../shell/read-file';
import { START_OF_PAGE } from './page';

/** The largest existing file (bytes) that is read to find out whether it is such a page. */
const LARGEST_PAGE = 16_000_000;

/**
 * The file of `--html`. It is written as a new file that replaces the former page, with the rights of the folder's
 * owner when root runs the command, so that nothing else is overwritten and no link is followed.
 */
export class PageFile {
  private readonly way: Way;
  private readonly target: string;

  /**
   * @param file is to be written later
   * @throws Failure when the file exists and is not a page of this command
   */
  constructor(private readonly file: string) {
    this.way = this.explained(() => wayTo(path.dirname(path.resolve(file))));
    this.target = path.join(this.way.real, path.basename(path.resolve(file)));
    this.explained(() => accessSync(this.way.real, constants.W_OK));
    this.assertFree();
  }

  /** @throws Failure when it cannot be written */
  write(page: string): void {
    this.assertFree();
    const fresh = `${this.target}.${randomBytes(8).toString('hex')}`;
    this.explained(() =>
      withRightsOf(ownerOf(this.way), () => {
        const opened = openSync(fresh, 'wx', 0o666);
        try {
          writeFileSync(opened, page);
          fsyncSync(opened);
          renameSync(fresh, this.target);
        } catch (error) {
          rmSync(fresh, { force: true });
          throw error;
        } finally {
          closeSync(opened);
        }
      }),
    );
  }

  private assertFree(): void {
    const { file, target, way } = this;
    const stats = this.explained(() => withRightsOf(ownerOf(way), () => lstatSync(target, { throwIfNoEntry: false })));
    const kind = stats?.isDirectory() ? 'a folder' : stats?.isSymbolicLink() ? 'a link' : 'not a file';
    if (stats && !stats.isFile()) {
      throw refusal(file, kind);
    }
    if (stats && stats.size > 0 && !this.explained(() => this.isPage())) {
      throw refusal(file, 'a file that this command has not written');
    }
  }

  private isPage(): boolean {
    return withRightsOf(ownerOf(this.way), () =>
      readRegularFile(this.target, LARGEST_PAGE).bytes.toString('utf8').startsWith(START_OF_PAGE),
    );
  }

  private explained<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw code === undefined
        ? error
        : new Failure(
            `--html: ${this.file} cannot be written (${code}).`,
            'Name a file in a folder that you can write to, on a disk with free space.',
            { cause: error },
          );
    }
  }
}

const refusal = (file: string, kind: string) =>
  new Failure(`--html: ${file} is ${kind}.`, 'Name a file that does not exist, for example doctor.html.');
