import { ADAPTER } from '../core/features';
import type { Owner } from '../shell/owner-rights';
import { quoted } from '../shell/text';
import { writtenVariables } from './compose/env-file';
import { settingsFileAt } from './compose/compose-site';
import { isObject, storageOf } from './config';
import { locateConfig } from './config-text';
import type { SettingsFile } from './settings-file';

/** The adapter's options that other users must not be able to read. */
const SECRETS = ['secretAccessKey', 'sessionToken', 'cdnFallbackSecret'];

/** The same for the AWS SDK, which a container gets from its env file. */
const SECRET_VARIABLES = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/** The secrets that every user of the machine can read in a configuration file. */
interface ReadableSecrets {
  /** The names of the options. */
  names: string[];
  /** Of the file, `644`. */
  mode: string;
  /** The user who owns the file. */
  owner: Owner;
}

/**
 * Finds the secrets of the adapter in the text of a configuration file.
 *
 * @returns their names; undefined when there are none
 */
export function secretsIn(settings: SettingsFile, text: string): string[] | undefined {
  const storage = storageOf(settings.own(text));
  const variables = settings.format === 'env' ? writtenVariables(text, settings.file) : new Map<string, string>();
  const names = [
    ...SECRETS.filter((name) => [ADAPTER, 'media', 'files'].some((key) => isIn(storage[key], name))),
    ...SECRET_VARIABLES.filter((name) => isWritten(variables.get(name))),
  ];
  return names.length > 0 ? names : undefined;
}

/**
 * Finds the secrets of the adapter that every user can read in a configuration file.
 *
 * @param text the text of the file, or the one that it will have
 * @returns undefined when there are none, or when not every user can read them
 * @throws Failure when it is not a file
 */
export function readableSecrets(settings: SettingsFile, text: string): ReadableSecrets | undefined {
  const { stats } = locateConfig(settings.file);
  const names = secretsIn(settings, text);
  return stats && names && (stats.mode & 0o004) !== 0 && process.platform !== 'win32'
    ? { names, mode: (stats.mode & 0o777).toString(8), owner: stats }
    : undefined;
}

/**
 * Returns a warning when a configuration will hold secrets of the adapter in a file that every user can read.
 *
 * @param place the file, or the settings in it
 * @param text the new text of the file
 * @param ghost the user that Ghost runs as, where known
 * @returns undefined when there are no secrets, or when not every user can read them
 */
export function warningOfReadableSecrets(
  place: string | SettingsFile,
  text: string,
  ghost?: Owner,
): string | undefined {
  const settings = settingsFileAt(place);
  const readable = readableSecrets(settings, text);
  return (
    readable &&
    `Every user of this machine can read ${settings.file} (mode ${readable.mode}). It contains ${readable.names.join(' and ')}.\n  Change that: ${cureFor(settings, readable.owner, ghost)}`
  );
}

/** Whether the value itself is there, and not only the name of a variable that contains it. */
const isWritten = (raw = '') => raw !== '' && !/^\$(\w+|\{.*\})$/.test(raw);

const isIn = (block: unknown, name: string) => isObject(block) && block[name] !== undefined && block[name] !== null;

function cureFor({ file, format }: SettingsFile, stats: Owner, ghost: Owner | undefined): string {
  const name = quoted(file);
  if (format === 'env') {
    return `sudo chmod 600 ${name}   (Docker Compose reads it for Ghost)`;
  }
  if (ghost && ghost.uid !== 0 && stats.uid !== ghost.uid && stats.gid !== ghost.gid) {
    return `sudo chgrp ${ghost.gid} ${name} && sudo chmod 640 ${name}   (Ghost reads it as the user ${ghost.uid}, through its group)`;
  }
  return `sudo chmod 640 ${name}   (Ghost must own it, or be in its group)`;
}
