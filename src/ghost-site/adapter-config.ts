import { parseConfig, type Config } from '../core/config';
import { Failure } from '../shell/failure';
import { adapterOf, adapterOptionsOf, type GhostConfig, storageOf } from './config';
import { ADAPTER, type Feature, FEATURES } from '../core/features';

/** Options of commands that stand over Ghost's configuration. */
export interface AdapterOptions {
  bucket?: string;
  region?: string;
  cdnUrl?: string;
  tenantPrefix?: string;
  endpoint?: string;
  forcePathStyle?: boolean;
  distributionId?: string;
}

/** The configuration of the adapter for each feature, checked. */
export type AdapterConfigs = Record<Feature, Config>;

/**
 * The configuration of the adapter as Ghost would pass it, under what the command line says. Where Ghost does not use
 * the adapter yet for a feature, the block of the adapter counts all the same: files are moved before Ghost is.
 *
 * @throws Failure that lists everything that is wrong, as the adapter does when Ghost starts
 */
export function readAdapterConfigs(config: GhostConfig, options: AdapterOptions): AdapterConfigs {
  const { bucket, region, cdnUrl, tenantPrefix, endpoint, forcePathStyle, distributionId } = options;
  const given = { bucket, region, cdnUrl, tenantPrefix, endpoint, forcePathStyle, distributionId };
  const storage = storageOf(config);
  const entries = FEATURES.map((feature) => {
    const used = adapterOf(storage, feature) === ADAPTER;
    const configured = used ? adapterOptionsOf(storage, feature) : storage[ADAPTER];
    const raw = { ...(configured as object | undefined), ...withoutUndefined(given) };
    // The adapter's own default is images.
    const staticFileURLPrefix = used ? undefined : `content/${feature}`;
    return [feature, checkedConfig({ ...raw, ...withoutUndefined({ staticFileURLPrefix }) })] as const;
  });
  return Object.fromEntries(entries) as AdapterConfigs;
}

function checkedConfig(raw: object): Config {
  try {
    return parseConfig(raw).config;
  } catch (error) {
    const { message, help } = error as Error & { help?: string };
    throw new Failure(
      message,
      Object.keys(raw).length > 1 && help
        ? help
        : "Name Ghost's configuration with --config or --ghost, or the bucket and the CDN with --bucket, --region and --cdn-url.",
      { cause: error },
    );
  }
}

const withoutUndefined = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
