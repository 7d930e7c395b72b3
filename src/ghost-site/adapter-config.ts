import { existsSync } from 'node:fs';
import { parseConfig, type Config } from '../core/config';
import { ADAPTER, type Feature, FEATURES } from '../core/features';
import { setOrigins } from '../core/option-origins';
import { Failure } from '../shell/failure';
import { adapterOf, adapterOptionsOf, type GhostConfig, isObject, storageOf } from './config';
import { type AdapterOptions, givenAdapterOptions, givenFlags } from './options';

/** The validated configuration of the adapter for each feature. */
export type AdapterConfigs = Record<Feature, Config>;

/**
 * Validates the configuration of the adapter as Ghost would pass it, overridden by the command line. A feature that
 * does not use the adapter yet gets the adapter's block, since files are migrated before Ghost uses the adapter.
 *
 * @param file Ghost's configuration file, which later errors name
 * @throws Failure that lists every problem, as the adapter does when Ghost starts
 */
export function readAdapterConfigs(config: GhostConfig, options: AdapterOptions, file?: string): AdapterConfigs {
  setOrigins({ flags: givenFlags(options), file: file !== undefined && existsSync(file) ? file : undefined });
  const storage = storageOf(config);
  const entries = FEATURES.map((feature) => {
    const block =
      adapterOf(storage, feature) === ADAPTER
        ? adapterOptionsOf(storage, feature)
        : // Without it, the adapter would use the prefix of images.
          { ...(isObject(storage[ADAPTER]) ? storage[ADAPTER] : {}), staticFileURLPrefix: `content/${feature}` };
    return [feature, validated({ ...block, ...givenAdapterOptions(options) })] as const;
  });
  return Object.fromEntries(entries) as AdapterConfigs;
}

function validated(block: object): Config {
  try {
    return parseConfig(block).config;
  } catch (error) {
    const { message, help } = error as Error & { help?: string };
    throw new Failure(
      message,
      Object.keys(block).length > 1 && help
        ? help
        : "Name Ghost's configuration file (--config) or its folder (--ghost), or pass --bucket, --region and --cdn-url.",
      { cause: error },
    );
  }
}
