import { realpathSync } from 'node:fs';
import { ADAPTER, type Feature, FEATURES } from '../core/features';
import { Failure } from '../shell/failure';
import { readRegularFile } from '../shell/read-file';
import { explainJson } from './json-problem';

/** The part of Ghost's configuration that this package reads. */
export interface GhostConfig {
  url?: string;
  urls?: Record<string, unknown>;
  paths?: { contentPath?: string; installedAdaptersPath?: string };
  server?: { host?: string; port?: number | string };
  storage?: StorageSettings;
  adapters?: { storage?: StorageSettings };
  /** Experimental features, by their names. */
  labs?: Record<string, unknown>;
}

/** `storage` in Ghost's configuration: the adapter of each feature, and a block of options for each adapter. */
export interface StorageSettings {
  active?: string;
  media?: string | ({ adapter: string } & Record<string, unknown>);
  files?: string | ({ adapter: string } & Record<string, unknown>);
  [adapter: string]: unknown;
}

/** The largest file (bytes) that an environment variable may name. */
const LARGEST_SECRET = 1_000_000;

/** Some editors on Windows put it at the start of files. Ghost skips it. */
export const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * Parses the text of a configuration file as Ghost does: plain JSON, with or without a byte order mark.
 *
 * @param text empty for a file that does not exist
 * @param file its name, for errors
 * @throws Failure with the line, the column and the fix when Ghost could not read it
 * @see https://github.com/indexzero/nconf/blob/v0.13.0/lib/nconf/stores/file.js
 */
export function readGhostConfig(text: string, file: string): GhostConfig {
  const json = text.replace(BYTE_ORDER_MARK, '');
  try {
    const config: unknown = JSON.parse(text === '' ? '{}' : json);
    if (isObject(config)) {
      return config;
    }
  } catch {
    const { place, problem, cure } = explainJson(json);
    throw new Failure(`Ghost cannot read ${file}: ${place} ${problem}.`, cure);
  }
  throw new Failure(
    `Ghost cannot read ${file}: it is valid JSON, but not an object.`,
    "Name Ghost's configuration file, for example config.production.json.",
  );
}

/**
 * Returns the settings in the environment, as Ghost reads them: `storage__S3CloudFrontStorage__bucket=images`, and
 * `storage__S3CloudFrontStorage__secretAccessKey_FILE=/run/secrets/s3` for the content of a file.
 *
 * @param textOfSecret reads such a file, whose path may be that of a container
 * @throws Failure when it cannot be read
 * @see https://docs.ghost.org/config#custom-configuration-files
 */
export function settingsOfEnvironment(
  environment: NodeJS.ProcessEnv,
  textOfSecret: (file: string, variable: string) => string = secretIn,
): GhostConfig {
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(environment)) {
    const isFile = /__.*_file$/i.test(name);
    const place = (isFile ? name.slice(0, -'_FILE'.length) : name).split('__');
    if (value === undefined || !/^(url|urls|paths|server|storage|adapters)$/.test(place[0] ?? '')) {
      continue;
    }
    let inner = settings;
    for (const part of place.slice(0, -1)) {
      const next = inner[part];
      inner = isObject(next) ? next : (inner[part] = {});
    }
    inner[place.at(-1) ?? ''] = isFile ? textOfSecret(value, name) : parsedValue(value);
  }
  return settings;
}

/** Overrides settings with others as Ghost does: objects are merged, everything else is replaced. */
export function withSettings<T>(under: T, over: T): T {
  if (!isObject(under) || !isObject(over)) {
    return over === undefined ? under : over;
  }
  const names = [...new Set([...Object.keys(under), ...Object.keys(over)])];
  return Object.fromEntries(
    names.map((name) => [
      name,
      withSettings((under as Record<string, unknown>)[name], (over as Record<string, unknown>)[name]),
    ]),
  ) as T;
}

/**
 * Returns the settings that Ghost uses: `adapters.storage` replaces the whole `storage`.
 *
 * @see https://docs.ghost.org/config#storage-adapters
 */
export const storageOf = ({ adapters, storage }: GhostConfig): StorageSettings =>
  [adapters?.storage, storage].find(isObject) ?? {};

/** Returns the path of these settings, which may not exist yet. */
export const storagePlace = ({ adapters }: GhostConfig): string[] =>
  isObject(adapters?.storage) ? ['adapters', 'storage'] : ['storage'];

/** Returns the setting that makes Ghost store media or files with the adapter. */
export const settingOfFeature = (feature: Exclude<Feature, 'images'>) => ({
  adapter: ADAPTER,
  staticFileURLPrefix: `content/${feature}`,
});

/** Returns the name of the adapter that a feature uses, undefined for Ghost's own, which uses the disk. */
export function adapterOf(storage: StorageSettings, feature: Feature): string | undefined {
  const setting = feature === 'images' ? storage.active : storage[feature];
  return isObject(setting) ? setting.adapter : (setting ?? undefined);
}

/** Returns whether Ghost stores any feature with the adapter. */
export const usesAdapter = (config: GhostConfig): boolean =>
  FEATURES.some((feature) => adapterOf(storageOf(config), feature) === ADAPTER);

/** Returns the options that Ghost passes to the adapter of a feature, not validated. */
export function adapterOptionsOf(storage: StorageSettings, feature: Feature): Record<string, unknown> {
  const name = adapterOf(storage, feature);
  const setting = feature === 'images' ? undefined : storage[feature];
  const shared = name === undefined ? undefined : storage[name];
  const options = { ...(isObject(shared) ? shared : {}), ...(isObject(setting) ? setting : {}) };
  delete options.adapter;
  return options;
}

/** Returns the text of a file that an environment variable names, without the line break at its end. */
export function secretIn(file: string, name: string): string {
  try {
    // Kubernetes mounts secrets as links to their current version.
    const { bytes } = readRegularFile(realpathSync(file), LARGEST_SECRET);
    return bytes.toString('utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new Failure(
      `The variable ${name} names the file ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      'Run the command where Ghost runs, as a user who can read this file.',
      { cause: error },
    );
  }
}

/** Ghost parses numbers, booleans and objects in the environment as JSON. */
export function parsedValue(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Returns whether a value is an object, and not an array. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
