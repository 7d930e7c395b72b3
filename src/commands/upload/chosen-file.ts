import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { refuseForeignLinks, wayTo } from '../../shell/path-owners';
import { refuseIrregular } from '../../shell/read-file';
import { WatchedFile } from '../../shell/watched-file';

/** A file that the user named, open for reading. */
export class ChosenFile extends WatchedFile {
  /**
   * Opens a file. Links are followed, as `cp` does. For root, another user's link is refused: it may point to a file that
   * this user may not read, and the upload would publish it.
   *
   * @throws UnsuitableFile for folders and devices, Failure for a foreign link, and the errors of the disk
   */
  static open(file: string): ChosenFile {
    const way = wayTo(file);
    refuseForeignLinks(way, 'Otherwise name the file itself.');
    // Opening a device can have side effects, so the type is checked before and after opening.
    refuseIrregular(file, statSync(way.real));
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
    const opened = openSync(way.real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      refuseIrregular(file, fstatSync(opened));
      return new ChosenFile(opened, fstatSync(opened, { bigint: true }));
    } catch (error) {
      closeSync(opened);
      throw error;
    }
  }
}
