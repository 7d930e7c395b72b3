import { isDeepStrictEqual } from 'node:util';
import { ADAPTER, type Feature, FEATURES, ghostUrlOf, URL_NAMES } from '../../core/features';
import { type AdapterConfigs, readAdapterConfigs } from '../../ghost-site/adapter-config';
import {
  type GhostConfig,
  isObject,
  settingOfFeature,
  storageOf,
  storagePlace,
  type StorageSettings,
} from '../../ghost-site/config';
import type { Setting } from '../../ghost-site/edit-config';
import { type AdapterOptions, givenAdapterOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';
import type { SettingsFile } from '../../ghost-site/settings-file';
import { Failure } from '../../shell/failure';
import { formerAdapters, takeOver, withOurNames } from './adapter-block';

/** Ghost's present configuration. */
export interface ConfigSources {
  /** The text of the file, empty when it does not exist. */
  text: string;
  settings: SettingsFile;
  /** Ghost's major version: 5 does not support `urls`. Undefined when only the content is here. */
  major?: number;
}

/** A change of Ghost's configuration. */
export interface ConfigChange {
  /** All the settings that are needed. */
  all: Setting[];
  /** The part that is not set yet, in the file or in the environment. */
  settings: Setting[];
  /** The text of the file with these settings. */
  text: string;
  /** The configuration as Ghost will see it. */
  config: GhostConfig;
  /** The adapter's validated configuration with these settings. */
  configs: AdapterConfigs;
  /** Notices for the user about options that were taken over, or that are missing. */
  notices: string[];
}

/** The options of `install` that determine the configuration. */
export interface ConfigOptions extends AdapterOptions {
  /** The name of another adapter's block, whose options are taken over. */
  from?: string;
}

/**
 * Plans the change of Ghost's configuration that makes Ghost store images, media and files with the adapter.
 *
 * @throws Failure with every problem when options of the adapter are missing or wrong, or when the environment
 *   overrides what would be written
 */
export function planConfigChange(sources: ConfigSources, options: ConfigOptions): ConfigChange {
  const { text, settings: settingsFile, major } = sources;
  const { file } = settingsFile;
  const ofFile = settingsFile.own(text);
  const before = settingsFile.seen(text);
  const storage = storageOf(before);
  const { from } = options;
  const { options: taken, notices } = from === undefined ? { options: {}, notices: [] } : takeOver(storage, from);
  const added = { ...taken, ...givenAdapterOptions(options) };
  const former = storage[ADAPTER];
  const block = { ...(isObject(former) ? former : {}), ...added };
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
  const asGhostSees = (settings: Setting[]) => settingsFile.seen(settingsFile.withValues(text, settings));
  refuseOverriding(wanted, asGhostSees(wanted), settingsFile);
  const configs = readAdapterConfigs(asGhostSees(wanted), options, file);

  // A URL from the command line is written with its scheme, which the user may leave out.
  const isNewAddress = (name: string | undefined) => name === 'cdnUrl' && added.cdnUrl !== undefined;
  const tidy = wanted.map(([at, value]): Setting => [at, isNewAddress(at.at(-1)) ? configs.images.cdnUrl : value]);
  const all = major === 5 ? tidy : [...tidy, ...urlSettings(configs)];
  refuseOverriding(all, asGhostSees(all), settingsFile);
  const settings = all.filter(([at, value]) => !isSet(before, at, value));
  return {
    all,
    settings,
    text: settings.length === 0 ? text : settingsFile.withValues(text, settings),
    config: asGhostSees(settings),
    configs,
    notices: [...notices, ...(settings.some(([[name]]) => name === 'urls') ? noticesOfUrls(before, configs) : [])],
  };
}

/** Returns a notice that pages will request image sizes from a CDN that may not know where to get them. */
function noticesOfUrls({ url = '' }: GhostConfig, { images }: AdapterConfigs): string[] {
  const isOwnCdn = URL.canParse(url) && new URL(url).host === new URL(images.cdnUrl).host;
  return isOwnCdn || images.cdnFallbackSecret !== undefined
    ? []
    : [
        `"urls" makes pages request image sizes from ${images.cdnUrl}, but "cdnFallbackSecret" is not set. Sizes that are not in the\n` +
          '  bucket stay missing, unless this CDN requests them from Ghost. provision --ghost-url sets up CloudFront for this. For\n' +
          '  other CDNs, see "What the CDN has to do" in docs/other-s3.md, or remove "urls" before you restart Ghost.',
      ];
}

/** Returns Ghost's `urls`: the URL of each feature, without the path that Ghost adds. */
function urlSettings(configs: AdapterConfigs): Setting[] {
  return FEATURES.map((feature) => [['urls', URL_NAMES[feature]], ghostUrlOf(configs[feature])]);
}

/** Returns the value at a place of the configuration. */
export const valueAt = (config: GhostConfig, place: readonly string[]): unknown =>
  place.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), config);

/** Returns whether a setting has a value. An object may have more options, which the environment can add. */
function isSet(config: GhostConfig, place: readonly string[], value: unknown): boolean {
  const found = valueAt(config, place);
  return isObject(value) && isObject(found)
    ? isDeepStrictEqual({ ...found, ...value }, found)
    : isDeepStrictEqual(found, value);
}

/** Returns the setting of a feature with the options that it already has, such as a bucket for videos. */
function featureSetting(storage: StorageSettings, feature: Exclude<Feature, 'images'>, from?: string): object {
  const setting = storage[feature];
  const isTaken = isObject(setting) && (setting.adapter === ADAPTER || setting.adapter === from);
  const own = isTaken ? withOurNames(setting.adapter, setting).options : {};
  const { staticFileURLPrefix } = settingOfFeature(feature);
  // A null counts as not set, and the adapter's own default is the prefix of images.
  return { ...own, adapter: ADAPTER, staticFileURLPrefix: own.staticFileURLPrefix ?? staticFileURLPrefix };
}

function noOptions(storage: StorageSettings, file: string): Failure {
  const others = formerAdapters(storage);
  return new Failure(
    `The bucket and the CDN are unknown: ${file} has no block "${ADAPTER}".`,
    [
      ...others.map((name) => `To use the options of "${name}": --from ${name}`),
      'To use existing ones: --bucket blog-images --region eu-central-1 --cdn-url https://images.example.com',
      `To create them: ${calledAs()} provision --help`,
    ].join('\n'),
  );
}

function refuseOverriding(settings: Setting[], seen: GhostConfig, { file, above }: SettingsFile): void {
  const overridden = settings.filter(([place, value]) => !isSet(seen, place, value));
  if (overridden.length === 0) {
    return;
  }
  const names = overridden.map(([place]) => place.join('__'));
  throw new Failure(`${above.name} overrides ${file}, and sets another value for ${names.join(', ')}.`, above.cure);
}
