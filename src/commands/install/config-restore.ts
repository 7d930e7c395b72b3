import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ADAPTER, FEATURES, URL_NAMES } from '../../core/features';
import { adapterOf, type GhostConfig, readGhostConfig, storageOf, storagePlace } from '../../ghost-site/config';
import { type Setting, withoutValues, withValues } from '../../ghost-site/edit-config';
import { namesIn } from '../../shell/paths';
import { valueAt } from './config-change';

/** Ghost's configuration without the adapter. */
export interface Restored {
  text: string;
  /** The backup with exactly this text; undefined when the file was changed since, or there is no backup. */
  backup?: string;
}

/**
 * Removes the adapter from Ghost's configuration. When the file is exactly what an installation made of a backup, the
 * result is that backup. Otherwise the installed settings get the values of the backup, or are removed. The adapter's
 * block of options then stays: it tells where the files are, and has no effect by itself.
 *
 * @returns undefined when the file does not use the adapter
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

/** Returns whether Ghost stores any feature with the adapter. */
export const usesAdapter = (config: GhostConfig) =>
  FEATURES.some((feature) => adapterOf(storageOf(config), feature) === ADAPTER);

/** Compares by host, since the CDN may be configured without a scheme. */
function isOn(url: unknown, cdnUrl: string | undefined): boolean {
  const host = (value: string) => value.replace(/^[a-z]+:\/\//i, '').split('/')[0];
  return typeof url === 'string' && cdnUrl !== undefined && host(url) === host(cdnUrl);
}

/** Returns the backups of a file, the newest first. */
function backupsOf(file: string): { file: string; text: string; config: GhostConfig }[] {
  const folder = path.dirname(file);
  return namesIn(folder)
    .filter((name) => name.startsWith(`${path.basename(file)}.`) && name.endsWith('.backup'))
    .sort()
    .reverse()
    .map((name) => {
      const backup = path.join(folder, name);
      const text = readFileSync(backup, 'utf8');
      return { file: backup, text, config: readGhostConfig(text, backup) };
    });
}
