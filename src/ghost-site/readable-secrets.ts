import { ADAPTER } from '../core/features';
import type { Owner } from '../shell/owner-rights';
import { quoted } from '../shell/text';
import { isObject, readGhostConfig, storageOf } from './config';
import { locateConfig } from './config-text';

/** The adapter's options that other users must not be able to read. */
const SECRETS = ['secretAccessKey', 'sessionToken', 'cdnFallbackSecret'];

/**
 * Returns a warning when a configuration will hold secrets of the adapter in a file that every user can read.
 *
 * @param text the new text of the file
 * @param ghost the user that Ghost runs as, where known
 * @returns undefined when there are no secrets, or not everybody can read them
 */
export function warningOfReadableSecrets(file: string, text: string, ghost?: Owner): string | undefined {
  const { stats } = locateConfig(file);
  const storage = storageOf(readGhostConfig(text, file));
  const secrets = SECRETS.filter((name) => [ADAPTER, 'media', 'files'].some((key) => isIn(storage[key], name)));
  if (!stats || secrets.length === 0 || (stats.mode & 0o004) === 0 || process.platform === 'win32') {
    return undefined;
  }
  const mode = (stats.mode & 0o777).toString(8);
  return `Every user of this machine can read ${file} (mode ${mode}), with ${secrets.join(' and ')}.\n  Change that: ${cureFor(file, stats, ghost)}`;
}

const isIn = (block: unknown, name: string) => isObject(block) && block[name] !== undefined && block[name] !== null;

function cureFor(file: string, stats: Owner, ghost: Owner | undefined): string {
  const name = quoted(file);
  if (ghost && ghost.uid !== 0 && stats.uid !== ghost.uid && stats.gid !== ghost.gid) {
    return `sudo chgrp ${ghost.gid} ${name} && sudo chmod 640 ${name}   (Ghost reads it as the user ${ghost.uid}, by its group)`;
  }
  return `sudo chmod 640 ${name}   (Ghost must own it, or be in its group)`;
}
