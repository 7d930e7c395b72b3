import {
  accessSync,
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Failure } from '../shell/failure';
import { readGhostConfig, textOf } from './config';
import { type GhostConfigBlock, withGhostConfig } from './edit-config';

/**
 * Checks that a configuration file can be written, so that writing it does not fail after everything else is done.
 *
 * @throws Failure with the file and the cause
 */
export function checkGhostConfigFile(file: string): void {
  const exists = existsSync(file);
  const folder = path.dirname(path.resolve(file));
  try {
    // The backup goes into the same folder.
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
  readGhostConfig(textOf(file), file);
}

/** Writes the block into Ghost's configuration file, as `replaceGhostConfig` does. */
export function writeGhostConfig(file: string, block: GhostConfigBlock): string | undefined {
  return replaceGhostConfig(file, withGhostConfig(textOf(file), block, file));
}

/**
 * Writes a new text into Ghost's configuration file, and keeps a backup in the same folder.
 *
 * @param file its path; a new file is readable to its owner only
 * @returns the path of the backup, undefined when nothing changes or the file is new
 */
export function replaceGhostConfig(file: string, after: string): string | undefined {
  const isNew = !existsSync(file);
  const before = textOf(file);
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
  // In place: a new file would belong to the user who runs this, and Ghost might not be able to read it.
  try {
    writeFileSync(file, after);
  } catch (error) {
    // The disk is full, but has room for what was there before.
    writeFileSync(file, before);
    throw error;
  }
  return backup;
}
