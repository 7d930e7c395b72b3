import { ADAPTER, FEATURES, URL_NAMES } from '../../core/features';
import {
  adapterOf,
  type GhostConfig,
  isObject,
  storageOf,
  storagePlace,
  type StorageSettings,
  usesAdapter,
} from '../../ghost-site/config';
import type { Setting } from '../../ghost-site/edit-config';
import { backupNames, locateConfig, readConfig } from '../../ghost-site/config-text';
import type { SettingsFile } from '../../ghost-site/settings-file';
import { Failure } from '../../shell/failure';
import { valueAt } from './config-change';

/** How many of the newest backups are read. */
const MOST_BACKUPS = 100;

/** Ghost's configuration without the adapter. */
export interface Restored {
  text: string;
  /** The backup with exactly this text; undefined when the file has been changed since, or there is no backup. */
  backup?: string;
}

/**
 * Removes the adapter from Ghost's configuration. When an installation turned a backup into exactly this file, the
 * result is that backup. Otherwise the installed settings get the values of the backup, or are removed. The adapter's
 * block of options then stays: it says where the files are, and has no effect by itself. It may also have newer values
 * than the backup, such as a secret.
 *
 * @returns undefined when the file does not use the adapter
 */
export function restoredConfig(settings: SettingsFile, text: string, cdnUrl: unknown): Restored | undefined {
  const config = settings.own(text);
  const storage = storageOf(config);
  const place = storagePlace(config);
  const settingsAt = (places: string[][]) => places.map((at): Setting => [at, valueAt(config, at)]);
  const features = settingsAt(
    FEATURES.filter((feature) => adapterOf(storage, feature) === ADAPTER).map((feature) => [
      ...place,
      feature === 'images' ? 'active' : feature,
    ]),
  );
  const urls = settingsAt(FEATURES.map((feature) => ['urls', URL_NAMES[feature]])).filter(([, url]) =>
    isOn(url, cdnUrl),
  );
  const used = [...features, ...urls];
  if (used.length === 0) {
    return undefined;
  }

  const all = backupsOf(settings);
  const backups = all.filter((backup) => !usesAdapter(backup.config));
  const own = storage[ADAPTER];
  const block = settingsAt(Object.keys(isObject(own) ? own : {}).map((name) => [...place, ADAPTER, name]));
  const same = backups.find((backup) => {
    // Another value, such as a secret, may have been written since by hand.
    const added = block.filter(([at]) => valueAt(backup.config, at) === undefined);
    return settings.withValues(backup.text, [...features, ...added, ...urls]) === text;
  });
  if (same) {
    return { text: same.text, backup: same.file };
  }
  const [newest] = backups;
  const before = used.map(([at]): Setting => [at, newest && valueAt(newest.config, at)]);
  const known = before.filter(([, value]) => value !== undefined);
  const unknown = before.filter(([, value]) => value === undefined).map(([at]) => at);
  return { text: settings.withoutValues(settings.withValues(text, known), unknown) };
}

/**
 * Returns the backup with the configuration that Ghost had before the adapter was removed from it. It says where files
 * are that are only in the bucket.
 *
 * @returns its path and its storage settings; undefined when there is no such backup
 */
export function removedConfig(settings: SettingsFile): { file: string; storage: StorageSettings } | undefined {
  const removed = backupsOf(settings).find(({ config }) => usesAdapter(config));
  return removed && { file: removed.file, storage: storageOf(removed.config) };
}

/** Compares by host, since the CDN may be configured without a scheme. */
function isOn(url: unknown, cdnUrl: unknown): boolean {
  const host = (value: string) => value.replace(/^[a-z]+:\/\//i, '').split('/')[0];
  return typeof url === 'string' && typeof cdnUrl === 'string' && host(url) === host(cdnUrl);
}

/**
 * Returns the backups of a file, the newest first. Files with such a name that belong to another user or are not a
 * configuration are skipped.
 */
function backupsOf(settings: SettingsFile): { file: string; text: string; config: GhostConfig }[] {
  const { file: real, owner, stats } = locateConfig(settings.file);
  return backupNames(real)
    .slice(0, MOST_BACKUPS)
    .flatMap((backup) => {
      try {
        const located = locateConfig(backup);
        const isOwn = located.file === backup && [0, owner.uid, stats?.uid].includes(located.stats?.uid);
        const text = isOwn ? readConfig(located)?.toString('utf8') : undefined;
        return text === undefined ? [] : [{ file: backup, text, config: settings.own(text) }];
      } catch (error) {
        if (error instanceof Failure) {
          return [];
        }
        throw error;
      }
    });
}
