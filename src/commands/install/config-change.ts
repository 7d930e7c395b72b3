import { isDeepStrictEqual } from 'node:util';
import { ADAPTER, type Feature, FEATURES, URL_NAMES } from '../../core/features';
import { type AdapterConfigs, type AdapterOptions, readAdapterConfigs } from '../../ghost-site/adapter-config';
import {
  type GhostConfig,
  readGhostConfig,
  storageOf,
  type StorageSettings,
  withSettings,
} from '../../ghost-site/config';
import { type Setting, withValues } from '../../ghost-site/edit-config';
import { Failure } from '../../shell/failure';
import { formerAdapters, givenOptions, takeOver, withOurNames } from './adapter-block';

/** Ghost's configuration as it is. */
export interface ConfigSources {
  /** Text of the file, empty where there is none. */
  text: string;
  /** Its name, for errors. */
  file: string;
  /** The settings of the environment, which stand above the file. */
  environment: GhostConfig;
  /** Of Ghost: 5 does not know `urls`. Undefined where only the content is here. */
  major?: number;
}

/** What `install` writes into Ghost's configuration. */
export interface ConfigChange {
  /** All that has to be set. */
  all: Setting[];
  /** What is not yet so, in the file or in the environment. */
  settings: Setting[];
  /** Text of the file with these settings. */
  text: string;
  /** The configuration as Ghost sees it then. */
  config: GhostConfig;
  /** The adapter's for each feature, checked. */
  configs: AdapterConfigs;
  /** What the user should know about options that were taken over. */
  notices: string[];
}

/** The options of `install` that the configuration is made of. */
export interface ConfigOptions extends AdapterOptions {
  /** Block of another adapter to take the options over from. */
  from?: string;
}

/**
 * Works out what has to stand in Ghost's configuration so that images, media and files are stored by the adapter.
 *
 * @throws Failure when the options of the adapter are not complete or wrong, with every problem, or when the
 *   environment stands above what would be written
 */
export function planConfigChange(sources: ConfigSources, options: ConfigOptions): ConfigChange {
  const { text, file, environment, major } = sources;
  const ofFile = readGhostConfig(text, file);
  const before = withSettings(ofFile, environment);
  const storage = storageOf(before);
  const { from } = options;
  const { options: taken, notices } = from === undefined ? { options: {}, notices: [] } : takeOver(storage, from);
  const added = { ...taken, ...givenOptions(options) };
  const block = { ...(storage[ADAPTER] as object | undefined), ...added };
  if (Object.keys(block).length === 0) {
    throw noOptions(storage, file);
  }

  const place = storagePlace(before);
  const wanted: Setting[] = [
    [[...place, 'active'], ADAPTER],
    [[...place, 'media'], featureSetting(storageOf(ofFile), 'media', from)],
    [[...place, 'files'], featureSetting(storageOf(ofFile), 'files', from)],
    ...Object.entries(block).map(([name, value]): Setting => [[...place, ADAPTER, name], value]),
  ];
  const asGhostSees = (settings: Setting[]) =>
    withSettings(readGhostConfig(withValues(text, settings), file), environment);
  refuseOverriding(wanted, asGhostSees(wanted), file);
  const configs = readAdapterConfigs(asGhostSees(wanted), {});

  // What is written anew is written as it is meant, with its scheme.
  const isNewAddress = (name: string | undefined) => name === 'cdnUrl' && added.cdnUrl !== undefined;
  const tidy = wanted.map(([at, value]): Setting => [at, isNewAddress(at.at(-1)) ? configs.images.cdnUrl : value]);
  const all = major === 5 ? tidy : [...tidy, ...urlSettings(configs)];
  refuseOverriding(all, asGhostSees(all), file);
  const settings = all.filter(([at, value]) => !isSet(before, at, value));
  return {
    all,
    settings,
    text: settings.length === 0 ? text : withValues(text, settings),
    config: asGhostSees(settings),
    configs,
    notices,
  };
}

/** Ghost's `urls`: where the files of each feature are shown, without the path that Ghost adds. */
function urlSettings(configs: AdapterConfigs): Setting[] {
  return FEATURES.map((feature) => {
    const { cdnUrl, tenantPrefix } = configs[feature];
    return [['urls', URL_NAMES[feature]], [cdnUrl, tenantPrefix].filter(Boolean).join('/')];
  });
}

/** Ghost reads `adapters.storage` in place of `storage` where it is there. */
export const storagePlace = ({ adapters }: GhostConfig): string[] =>
  adapters?.storage === undefined ? ['storage'] : ['adapters', 'storage'];

/** @returns what stands at a place of the configuration */
export const valueAt = (config: GhostConfig, place: readonly string[]): unknown =>
  place.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
    config,
  );

/** The environment may add options to an object of the file. */
function isSet(config: GhostConfig, place: readonly string[], value: unknown): boolean {
  const found = valueAt(config, place);
  return typeof value === 'object' && value !== null && typeof found === 'object' && found !== null
    ? isDeepStrictEqual({ ...found, ...value }, found)
    : isDeepStrictEqual(found, value);
}

/** A feature keeps the options of its own, a bucket for videos for example. */
function featureSetting(storage: StorageSettings, feature: Exclude<Feature, 'images'>, from?: string): object {
  const setting = storage[feature];
  const isTaken = typeof setting === 'object' && (setting.adapter === ADAPTER || setting.adapter === from);
  const own = isTaken ? withOurNames(setting.adapter, setting).options : {};
  return { ...own, adapter: ADAPTER, staticFileURLPrefix: own.staticFileURLPrefix ?? `content/${feature}` };
}

function noOptions(storage: StorageSettings, file: string): Failure {
  const others = formerAdapters(storage);
  return new Failure(
    `Which bucket and which CDN is not known: ${file} has no block "${ADAPTER}".`,
    [
      ...others.map((name) => `To take the options of "${name}" over: --from ${name}`),
      'To name them: --bucket blog-images --region eu-central-1 --cdn-url https://images.example.com',
      'To build them: ghost-storage-s3-cloudfront provision --help',
    ].join('\n'),
  );
}

function refuseOverriding(settings: Setting[], seen: GhostConfig, file: string): void {
  const overridden = settings.filter(([place, value]) => !isSet(seen, place, value));
  if (overridden.length === 0) {
    return;
  }
  const names = overridden.map(([place]) => place.join('__'));
  throw new Failure(
    `The environment stands above ${file}, and sets something else for ${names.join(', ')}.`,
    'Take these variables out of where Ghost gets its environment (compose.yaml, the systemd unit), or run the command\nwithout them where only this shell has them. Where the environment is to hold everything, --print shows what to set.',
  );
}
