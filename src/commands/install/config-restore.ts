import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ADAPTER, FEATURES, URL_NAMES } from '../../core/features';
import { adapterOf, type GhostConfig, readGhostConfig, storageOf } from '../../ghost-site/config';
import { type Setting, withoutValues, withValues } from '../../ghost-site/edit-config';
import { storagePlace, valueAt } from './config-change';

/** Ghost's configuration without the adapter. */
export interface Restored {
  text: string;
  /** The backup that it is, byte for byte; undefined where the file was changed since, or there is none. */
  backup?: string;
}

/**
 * Takes the adapter's use out of Ghost's configuration. Where the file is what the installation has made of a backup,
 * that is it; else what was installed is set back to what the backup has, or taken out. The adapter's block of options
 * stays then: it says where the files are, and does nothing without the rest.
 *
 * @param file path of the configuration
 * @param text its text
 * @param cdnUrl of the adapter
 * @returns undefined when nothing in the file leads to the adapter
 */
export function restoredConfig(file: string, text: string, cdnUrl: string | undefined): Restored | undefined {
  const config = readGhostConfig(text, file);
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

  const backups = backupsOf(file).filter((backup) => !usesAdapter(backup.config));
  const block = settingsAt(Object.keys(storage[ADAPTER] ?? {}).map((name) => [...place, ADAPTER, name]));
  const same = backups.find((backup) => withValues(backup.text, [...features, ...block, ...urls]) === text);
  if (same) {
    return { text: same.text, backup: same.file };
  }
  const [newest] = backups;
  const before = used.map(([at]): Setting => [at, newest && valueAt(newest.config, at)]);
  const known = before.filter(([, value]) => value !== undefined);
  const unknown = before.filter(([, value]) => value === undefined).map(([at]) => at);
  return { text: withoutValues(withValues(text, known), unknown) };
}

/** @returns whether Ghost stores anything by the adapter */
export const usesAdapter = (config: GhostConfig) =>
  FEATURES.some((feature) => adapterOf(storageOf(config), feature) === ADAPTER);

/** Compared by host: a CDN may be configured without a scheme. */
function isOn(url: unknown, cdnUrl: string | undefined): boolean {
  const host = (value: string) => value.replace(/^[a-z]+:\/\//i, '').split('/')[0];
  return typeof url === 'string' && cdnUrl !== undefined && host(url) === host(cdnUrl);
}

/** The backups that this package has made of a file, the newest first. */
function backupsOf(file: string): { file: string; text: string; config: GhostConfig }[] {
  const folder = path.dirname(file);
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.startsWith(`${path.basename(file)}.`) && name.endsWith('.backup'))
    .sort()
    .reverse()
    .map((name) => {
      const backup = path.join(folder, name);
      const text = readFileSync(backup, 'utf8');
      return { file: backup, text, config: readGhostConfig(text, backup) };
    });
}
