import { existsSync, readFileSync, statSync } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { Failure } from '../../../shell/failure';
import { adapterOf, adapterOptionsOf, readGhostConfig, storageOf } from '../../../ghost-site/config';
import { ADAPTER, type Feature, FEATURES } from '../../../core/features';
import { parseConfig } from '../../../core/config';
import { isAwsEndpoint } from '../../../core/s3/client';
import { type Check, failed, type Finding, passed, unchecked, warned } from '../check';
import type { SetUp } from '../set-up';

/** What Ghost calls the address of each kind of file. */
const URL_SETTINGS: Record<Feature, string> = { images: 'image', media: 'media', files: 'files' };

/** The options that nobody else may read. */
const SECRETS = ['secretAccessKey', 'sessionToken', 'cdnFallbackSecret'];

/** What says that a machine is one of AWS's, where a role can stand in place of keys. */
const EC2_VENDOR_FILE = '/sys/devices/virtual/dmi/id/sys_vendor';

/** Ghost's configuration, and the adapter's in it. */
export const configChecks: Check[] = [
  {
    group: 'Config',
    name: 'file',
    run({ site, options }) {
      if (!(site instanceof Failure)) {
        return existsSync(site.configFile)
          ? asGhostReads(site.configFile)
          : unchecked(`there is no ${site.configFile}: the environment and the options of this command count alone`);
      }
      const isNamed = options.ghost ?? options.config ?? options.content;
      return !isNamed && options.bucket && options.cdnUrl
        ? unchecked('Ghost is not here: the options of this command count alone')
        : failed("Ghost's configuration was looked for.", site.message, site.cure);
    },
  },
  {
    group: 'Config',
    name: 'storage block',
    needs: ['file'],
    run({ site, ghostConfig: { storage, adapters } }) {
      if (site instanceof Failure) {
        return unchecked('Ghost is not here');
      }
      if (storage === undefined || adapters?.storage === undefined) {
        return passed(adapters?.storage === undefined ? 'storage' : 'adapters.storage');
      }
      const tried = 'Ghost\'s configuration was searched for "storage" and "adapters.storage".';
      const found = 'Both are there, and Ghost reads "adapters.storage" only.';
      return storage[ADAPTER] !== undefined && adapters.storage[ADAPTER] === undefined
        ? failed(tried, `${found} ${ADAPTER} stands in the other one.`, 'Move what is in "storage" there.')
        : warned(tried, found, 'Remove "storage", so that nobody changes what nobody reads.');
    },
  },
  {
    group: 'Config',
    name: 'options',
    needs: ['storage block'],
    run(setUp) {
      try {
        setUp.configOf('images');
      } catch (error) {
        const { message, cure } = error as Failure;
        return failed(`The options of ${ADAPTER} were read as the adapter reads them.`, message, cure);
      }
      const storage = storageOf(setUp.ghostConfig);
      const notices = FEATURES.filter((feature) => adapterOf(storage, feature) === ADAPTER).flatMap(
        (feature) => parseConfig({ ...adapterOptionsOf(storage, feature), ...given(setUp) }).notices,
      );
      const [notice] = notices;
      const { bucket, cdnUrl } = setUp.config;
      return notice
        ? warned('The names of the options were read.', notice, 'Former names are understood for the time being.')
        : passed(`bucket ${bucket}, CDN ${cdnUrl}`);
    },
  },
  {
    group: 'Config',
    name: 'region',
    needs: ['options'],
    async run({ config }) {
      if (config.region) {
        return passed(config.region);
      }
      if (!isAwsEndpoint(config.endpoint)) {
        return passed(`none, as ${config.endpoint} needs none: us-east-1 is used`);
      }
      const region = await new S3Client({}).config.region().catch(() => undefined);
      return region
        ? passed(`${region}, from the environment or the profile`)
        : failed(
            '"region" of the configuration, AWS_REGION and the profile were read.',
            'None of them names a region.',
            'Set "region" to the region of the bucket, for example "eu-central-1".',
          );
    },
  },
  {
    group: 'Config',
    name: 'features',
    needs: ['options'],
    run: checkFeatures,
  },
  {
    group: 'Config',
    name: 'prefixes',
    needs: ['options'],
    run(setUp) {
      const wrong = setUp.features
        .map((feature) => ({ feature, prefix: setUp.configOf(feature).staticFileURLPrefix }))
        .filter(({ feature, prefix }) => prefix !== `content/${feature}`);
      return wrong.length === 0
        ? passed(setUp.features.map((feature) => `content/${feature}`).join(', '))
        : failed(
            '"staticFileURLPrefix" of each feature was compared with the path that Ghost shows it at.',
            wrong.map(({ feature, prefix }) => `${feature} are stored at ${prefix}`).join('; '),
            wrong
              .map(({ feature }) =>
                feature === 'images'
                  ? `Remove "staticFileURLPrefix" from "${ADAPTER}".`
                  : `Set "${feature}" to { "adapter": "${ADAPTER}", "staticFileURLPrefix": "content/${feature}" }.`,
              )
              .join('\n'),
          );
    },
  },
  {
    group: 'Config',
    name: 'urls',
    needs: ['options'],
    run: checkUrls,
  },
  {
    group: 'Config',
    name: 'url',
    needs: ['file'],
    run({ ghostConfig: { url }, siteUrl }) {
      if (url === undefined) {
        return unchecked('there is none here');
      }
      return siteUrl !== undefined && /^https?:$/.test(new URL(siteUrl).protocol)
        ? passed(withoutUser(siteUrl))
        : failed(
            '"url" of Ghost\'s configuration was read.',
            `It is ${JSON.stringify(url)}, with which Ghost does not start.`,
            'Write the whole address of the blog: https://blog.example.com',
          );
    },
  },
  {
    group: 'Config',
    name: 'secrets',
    needs: ['file'],
    run({ site }) {
      if (site instanceof Failure || !existsSync(site.configFile)) {
        return unchecked('there is no configuration file');
      }
      const text = readFileSync(site.configFile, 'utf8');
      const storage = storageOf(readGhostConfig(text, site.configFile));
      const inFile = SECRETS.filter((name) => FEATURES.some((feature) => name in optionsIn(storage, feature)));
      const mode = statSync(site.configFile).mode & 0o777;
      if (process.platform === 'win32' || inFile.length === 0 || (mode & 0o004) === 0) {
        return passed(inFile.length === 0 ? 'none in the file' : 'not everybody may read the file');
      }
      return warned(
        `The permissions of ${site.configFile} were read.`,
        `Every user of this machine may read it (mode ${mode.toString(8)}), and ${inFile.join(' and ')} in it.`,
        `chmod o-rwx ${site.configFile} – Ghost must own it, or be in its group.`,
      );
    },
  },
  {
    group: 'Config',
    name: 'keys',
    needs: ['options'],
    run({ config }) {
      if (!config.accessKeyId || !isAwsEndpoint(config.endpoint)) {
        return passed(config.accessKeyId ? 'in the configuration' : 'none in the configuration');
      }
      const where = machineWithRoles(process.env);
      return where === undefined
        ? passed('in the configuration, as this machine has no role')
        : warned(
            'It was looked whether this machine can have a role.',
            `It is ${where}, and there are keys in the configuration, which never expire.`,
            `Give it a role (provision --identity ${where === 'EC2' ? 'ec2-role' : 'ecs-task-role'}), and remove "accessKeyId" and "secretAccessKey".`,
          );
    },
  },
];

/** This command reads comments, and Ghost does not. */
function asGhostReads(file: string): Finding {
  try {
    JSON.parse(readFileSync(file, 'utf8').replace(/^\ufeff/, '') || '{}');
    return passed(file);
  } catch {
    return failed(
      `${file} was read as Ghost reads it.`,
      'Ghost does not start with it: it holds comments, or commas at an end.',
      'Take them out: it has to be plain JSON.',
    );
  }
}

function checkFeatures({ ghostConfig, site }: SetUp) {
  if (site instanceof Failure) {
    return unchecked('Ghost is not here');
  }
  const storage = storageOf(ghostConfig);
  const others = FEATURES.filter((feature) => adapterOf(storage, feature) !== ADAPTER);
  if (others.length === 0) {
    return passed(FEATURES.join(', '));
  }
  const found = others.map((feature) => `${feature} go to ${adapterOf(storage, feature) ?? "Ghost's own disk"}`);
  const tried = '"storage" of Ghost\'s configuration was read.';
  const cure = others
    .map((feature) =>
      feature === 'images'
        ? `Set "active": "${ADAPTER}".`
        : `Set "${feature}": { "adapter": "${ADAPTER}", "staticFileURLPrefix": "content/${feature}" }.`,
    )
    .join('\n');
  return others.includes('images')
    ? failed(tried, `${found.join('; ')}.`, `${cure}\nThe command install does it.`)
    : warned(tried, `${found.join('; ')}.`, cure);
}

function checkUrls(setUp: SetUp) {
  const { site, ghostConfig, features } = setUp;
  if (site instanceof Failure) {
    return unchecked('Ghost is not here');
  }
  if (site.version?.startsWith('5.')) {
    return passed('Ghost 5 does not read them');
  }
  const set = features.map((feature) => {
    const { cdnUrl, tenantPrefix } = setUp.configOf(feature);
    const name = URL_SETTINGS[feature];
    return { name, value: ghostConfig.urls?.[name], expected: [cdnUrl, tenantPrefix].filter(Boolean).join('/') };
  });
  const all = [...new Set(set.map(({ expected }) => expected))].join(' and ');
  const tried = `"urls" of Ghost's configuration were compared with ${all}.`;
  const cure = set.map(({ name, expected }) => `Set "urls.${name}" to "${expected}".`).join('\n');
  const wrong = set.filter(({ value, expected }) => value !== undefined && !isSameAddress(value, expected));
  if (wrong.length > 0) {
    const found = wrong.map(({ name, value }) => `"urls.${name}" is ${withoutUser(JSON.stringify(value))}`).join('; ');
    return failed(
      tried,
      `${found}: ${wrong.some(({ value }) => /\/content\//.test(JSON.stringify(value))) ? 'Ghost adds the content path itself' : 'Ghost writes addresses into posts at which there is nothing'}.`,
      cure,
    );
  }
  const missing = set.filter(({ value }) => value === undefined).map(({ name }) => `"urls.${name}"`);
  return missing.length === 0
    ? passed(all)
    : warned(
        tried,
        `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set: posts hold full addresses, and pages show no sizes.`,
        cure,
      );
}

/** Addresses can hold a password. */
const withoutUser = (text: string) => text.replace(/\/\/[^/@"]*@/g, '//');

const isSameAddress = (value: unknown, expected: string) =>
  typeof value === 'string' && value.replace(/\/+$/, '') === expected;

const given = ({ options: { bucket, cdnUrl } }: SetUp) => ({ ...(bucket && { bucket }), ...(cdnUrl && { cdnUrl }) });

/** The options in a file; those of an adapter that no feature uses yet are as secret. */
const optionsIn = (storage: ReturnType<typeof storageOf>, feature: Feature) => ({
  ...(storage[ADAPTER] as object | undefined),
  ...adapterOptionsOf(storage, feature),
});

/** @returns where this is, when it is where AWS gives roles to machines */
function machineWithRoles(environment: NodeJS.ProcessEnv): 'ECS' | 'EC2' | undefined {
  if (environment.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ?? environment.AWS_CONTAINER_CREDENTIALS_FULL_URI) {
    return 'ECS';
  }
  return existsSync(EC2_VENDOR_FILE) && readFileSync(EC2_VENDOR_FILE, 'utf8').includes('Amazon EC2')
    ? 'EC2'
    : undefined;
}
