import {
  accessSync,
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Failure } from '../shell/failure';
import { readGhostConfig } from './config';
import { type GhostConfigBlock, withGhostConfig } from './edit-config';

/**
 * Looks whether the block can be written into a file, so that this does not fail when everything else is done.
 *
 * @throws Failure with the file and the cause
 */
export function checkGhostConfigFile(file: string): void {
  const exists = existsSync(file);
  const folder = path.dirname(path.resolve(file));
  try {
    // The backup is written beside the file.
    [folder, ...(exists ? [file] : [])].forEach((place) => accessSync(place, constants.W_OK));
    if (exists && !statSync(file).isFile()) {
      throw Object.assign(new Error(), { code: 'it is no file' });
    }
    if (!exists && lstatSync(file, { throwIfNoEntry: false })) {
      throw Object.assign(new Error(), { code: 'it is a link to nowhere' });
    }
  } catch (error) {
    throw new Failure(
      `${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`,
      "Name Ghost's configuration file, for example /var/www/ghost/config.production.json, and run as who may write it.",
    );
  }
  if (exists) {
    readGhostConfig(readFileSync(file, 'utf8'), file);
  }
}

/**
 * Writes the block into Ghost's configuration file. What was there is kept beside it.
 *
 * @param file path; a file that is not there is made, readable to its owner only
 * @returns the path of the backup, undefined when nothing had to be changed or there was no file
 */
export function writeGhostConfig(file: string, block: GhostConfigBlock): string | undefined {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return replaceGhostConfig(file, withGhostConfig(before, block, file));
}

/**
 * Writes Ghost's configuration file. What was there is kept beside it.
 *
 * @param file path; a file that is not there is made, readable to its owner only
 * @param after its new text
 * @returns the path of the backup, undefined when nothing had to be changed or there was no file
 */
export function replaceGhostConfig(file: string, after: string): string | undefined {
  const isNew = !existsSync(file);
  const before = isNew ? '' : readFileSync(file, 'utf8');
  if (after === before) {
    return undefined;
  }
  if (isNew) {
    writeFileSync(file, after, { mode: 0o600, flag: 'wx' });
    return undefined;
  }
  const time = new Date().toISOString().replace(/[-:.]/g, '');
  const backup = path.join(path.dirname(file), `${path.basename(file)}.${time}.backup`);
  copyFileSync(file, backup, constants.COPYFILE_EXCL);
  if (process.getuid?.() === 0) {
    const { uid, gid } = statSync(file);
    chownSync(backup, uid, gid);
  }
  // In place: another file would belong to who runs this, and Ghost might not read it.
  try {
    writeFileSync(file, after);
  } catch (error) {
    // A full disk: what was there has had its place.
    writeFileSync(file, before);
    throw error;
  }
  return backup;
}
