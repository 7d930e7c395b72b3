import { existsSync } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { parseConfig } from '../../../core/config';
import { ADAPTER, type Feature, FEATURES, ghostUrlOf, URL_NAMES } from '../../../core/features';
import { explainProxy, loadProxies } from '../../../core/proxies';
import { connect } from '../../../core/s3/client';
import { knownService } from '../../../core/s3/service';
import { adapterOf, adapterOptionsOf, settingOfFeature, storageOf } from '../../../ghost-site/config';
import type { Setting } from '../../../ghost-site/edit-config';
import { Failure } from '../../../shell/failure';
import { withoutUserInfo } from '../../../shell/text';
import { type CheckResult, failed, passed, unchecked, warned, withGhost, NOT_ACTIVE } from '../check';
import type { DoctorContext } from '../context';
import { howToSet } from '../how-to-set';

/** Checks that Ghost can read its configuration file. */
export function checkFile({ siteOrFailure: site, options }: DoctorContext): CheckResult {
  if (!(site instanceof Failure)) {
    if (site.settings.format === 'env') {
      return passed(site.configFile);
    }
    if (!existsSync(site.configFile)) {
      return unchecked(
        `${site.configFile} does not exist, so only the environment and the options of this command count`,
      );
    }
    // It may have been replaced since it was found.
    site.settings.own(site.settings.text());
    return passed(site.configFile);
  }
  const isNamed = options.ghost ?? options.config ?? options.content;
  return !isNamed && options.bucket && options.cdnUrl
    ? unchecked('Ghost is not on this machine, so only the options of this command count')
    : failed("The command looked for Ghost's configuration.", site.message, site.cure);
}

/** Checks that the adapter is in the storage block that Ghost reads. */
export const checkStorageBlock = withGhost(({ ghostConfig: { storage, adapters } }) => {
  if (storage === undefined || adapters?.storage === undefined) {
    return passed(`Ghost reads "${adapters?.storage === undefined ? 'storage' : 'adapters.storage'}"`);
  }
  const tried = 'The command looked for "storage" and "adapters.storage" in Ghost\'s configuration.';
  const found = 'The configuration has both "storage" and "adapters.storage", and Ghost reads only "adapters.storage".';
  return storage[ADAPTER] !== undefined && adapters.storage[ADAPTER] === undefined
    ? failed(tried, `${found} ${ADAPTER} is in "storage".`, 'Move the content of "storage" to "adapters.storage".')
    : warned(tried, found, 'Remove "storage", which has no effect.');
});

/** Checks the options of the adapter as the adapter itself does. */
export function checkOptions(context: DoctorContext): CheckResult {
  try {
    context.configOf('images');
  } catch (error) {
    const { message, cure } = error as Failure;
    return failed(`The command read the options of ${ADAPTER} as the adapter does.`, message, cure);
  }
  const { bucket, cdnUrl } = context.options;
  const given = { ...(bucket && { bucket }), ...(cdnUrl && { cdnUrl }) };
  const storage = storageOf(context.ghostConfig);
  const [notice] = FEATURES.filter((feature) => adapterOf(storage, feature) === ADAPTER).flatMap(
    (feature) => parseConfig({ ...adapterOptionsOf(storage, feature), ...given }).notices,
  );
  return notice
    ? warned(
        'The command read the names of the options.',
        notice,
        'Rename the option. The old name still works for now.',
      )
    : passed(`bucket ${context.config.bucket}, CDN ${context.config.cdnUrl}`);
}

/** Checks which S3 service requests go to, by the configuration, the environment or the AWS profile. */
export async function checkEndpoint({ config }: DoctorContext): Promise<CheckResult> {
  try {
    const { endpoint, source } = (await connect(config)).service;
    return passed(endpoint ? `${endpoint}, from ${source}` : 'Amazon S3');
  } catch (error) {
    const { message, help = 'Correct the AWS profile.' } = error as Error & { help?: string };
    return failed('The command read "endpoint", the environment and the AWS profile.', message, help);
  }
}

/** Checks which proxy of the environment requests go through. */
export async function checkProxy({ config }: DoctorContext): Promise<CheckResult> {
  const proxies = await loadProxies();
  if (!proxies) {
    return passed('no proxy');
  }
  const { endpoint = 'https://s3.amazonaws.com' } = (await connect(config)).service;
  const hosts = [
    ['S3', endpoint],
    ['the CDN', config.cdnUrl],
  ] as const;
  try {
    return passed(hosts.map(([name, url]) => `${proxies.proxyFor(url)?.shown ?? 'none'} for ${name}`).join(', '));
  } catch (error) {
    const [found, cure] = explainProxy(error) ?? [(error as Error).message, ''];
    return failed('The command read the proxy variables of the environment.', found, cure);
  }
}

/** Checks that the configuration or the environment names a region. */
export async function checkRegion({ config, site }: DoctorContext): Promise<CheckResult> {
  if (config.region) {
    return passed(config.region);
  }
  const { isAws, endpoint, region: regionOfService } = knownService(config);
  if (!isAws) {
    return passed(`the configuration names none, so ${endpoint} is used with ${regionOfService}`);
  }
  const region = await new S3Client({}).config.region().catch(() => undefined);
  return region
    ? passed(`${region}, from the environment or the profile`)
    : failed(
        'The command read "region" in the configuration, AWS_REGION and the profile.',
        'No region is set.',
        howToSet(
          site,
          [[['storage', ADAPTER, 'region'], 'eu-central-1']],
          'Set "region" to the region of the bucket, for example "eu-central-1".',
        ),
      );
}

/** Checks that every feature uses the adapter. */
export const checkFeatures = withGhost(({ ghostConfig, isActive }, site) => {
  if (!isActive) {
    return NOT_ACTIVE;
  }
  const storage = storageOf(ghostConfig);
  const others = FEATURES.filter((feature) => adapterOf(storage, feature) !== ADAPTER);
  if (others.length === 0) {
    return passed(FEATURES.join(', '));
  }
  const found = others.map((feature) => `${feature} go to ${adapterOf(storage, feature) ?? "Ghost's own disk"}`);
  const tried = 'The command read "storage" in Ghost\'s configuration.';
  const json = others.map((feature) =>
    feature === 'images'
      ? `Set "active": "${ADAPTER}".`
      : `Set "${feature}": { "adapter": "${ADAPTER}", "staticFileURLPrefix": "content/${feature}" }.`,
  );
  const cure = howToSet(site, others.map(settingOf), json.join('\n'));
  return others.includes('images')
    ? failed(tried, `${found.join('; ')}.`, `${cure}\nThe command install does that.`)
    : warned(tried, `${found.join('; ')}.`, cure);
});

/** Returns the setting with which Ghost stores a feature with the adapter. */
const settingOf = (feature: Feature): Setting =>
  feature === 'images' ? [['storage', 'active'], ADAPTER] : [['storage', feature], settingOfFeature(feature)];

/** Checks that each feature is stored at the path in Ghost's URLs. */
export function checkPrefixes(context: DoctorContext): CheckResult {
  const wrong = context.features
    .map((feature) => ({ feature, prefix: context.configOf(feature).staticFileURLPrefix }))
    .filter(({ feature, prefix }) => prefix !== `content/${feature}`);
  if (wrong.length === 0) {
    return passed(context.features.map((feature) => `content/${feature}`).join(', '));
  }
  return failed(
    'The command compared "staticFileURLPrefix" of each feature with the path in Ghost\'s URLs.',
    wrong.map(({ feature, prefix }) => `${feature} are stored at ${prefix}`).join('; '),
    wrong
      .map(({ feature }) =>
        feature === 'images'
          ? howToSet(
              context.site,
              [[['storage', ADAPTER, 'staticFileURLPrefix'], 'content/images']],
              `Remove "staticFileURLPrefix" from "${ADAPTER}".`,
            )
          : howToSet(
              context.site,
              [settingOf(feature)],
              `Set "${feature}" to { "adapter": "${ADAPTER}", "staticFileURLPrefix": "content/${feature}" }.`,
            ),
      )
      .join('\n'),
  );
}

/** Checks that `urls` in Ghost's configuration point to the CDN. */
export const checkUrls = withGhost((context, site) => {
  const { ghostConfig, features, isActive } = context;
  if (!isActive) {
    return NOT_ACTIVE;
  }
  if (site.major === 5) {
    return passed('Ghost 5 does not read "urls"');
  }
  const urls = features.map((feature) => {
    const name = URL_NAMES[feature];
    return { name, value: ghostConfig.urls?.[name], expected: ghostUrlOf(context.configOf(feature)) };
  });
  const all = [...new Set(urls.map(({ expected }) => expected))].join(' and ');
  const tried = `The command compared "urls" in Ghost's configuration with ${all}.`;
  const cure = howToSet(
    site,
    urls.map(({ name, expected }): Setting => [['urls', name], expected]),
    urls.map(({ name, expected }) => `Set "urls.${name}" to "${expected}".`).join('\n'),
  );
  const wrong = urls.filter(({ value, expected }) => value !== undefined && !isSameUrl(value, expected));
  if (wrong.length > 0) {
    const found = wrong
      .map(({ name, value }) => `"urls.${name}" is ${withoutUserInfo(JSON.stringify(value))}`)
      .join('; ');
    const hasPath = wrong.some(({ value }) => /\/content\//.test(JSON.stringify(value)));
    return failed(
      tried,
      `${found}: ${hasPath ? 'Ghost adds the content path itself' : 'Ghost writes broken URLs into posts'}.`,
      cure,
    );
  }
  const missing = urls.filter(({ value }) => value === undefined).map(({ name }) => `"urls.${name}"`);
  return missing.length === 0
    ? passed(all)
    : warned(
        tried,
        `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set, so posts contain full URLs, and pages show no image sizes.`,
        cure,
      );
});

/** Checks that `url` in Ghost's configuration is an HTTP URL. */
export function checkSiteUrl({ ghostConfig: { url }, siteUrl, site }: DoctorContext): CheckResult {
  if (url === undefined) {
    return unchecked('the configuration has no "url"');
  }
  return siteUrl !== undefined && /^https?:$/.test(new URL(siteUrl).protocol)
    ? passed(withoutUserInfo(siteUrl))
    : failed(
        'The command read "url" in Ghost\'s configuration.',
        `"url" is ${JSON.stringify(url)}, and Ghost does not start with that.`,
        howToSet(
          site,
          [[['url'], 'https://blog.example.com']],
          'Set "url" to the full URL of the blog: https://blog.example.com',
        ),
      );
}

const isSameUrl = (value: unknown, expected: string) =>
  typeof value === 'string' && value.replace(/\/+$/, '') === expected;
