import { stringify } from 'yaml';
import { ADAPTER } from '../../core/features';
import { type Setting, withValues } from '../../ghost-site/edit-config';
import { withMaskedSecrets } from './config-diff';

const IN_THE_VOLUME = `/var/lib/ghost/content/adapters/storage/${ADAPTER}`;
const BESIDE_THE_VOLUME = '/var/lib/ghost/adapters';

/** What `--print` gives, each for another way to run Ghost. Without secrets. */
export interface Printed {
  /** The block of Ghost's configuration file. */
  config: object;
  /** The same for the environment. */
  environment: Record<string, string>;
  compose: string;
  /** Undefined for Ghost 5, which looks for adapters in its content folder only, and that is a volume. */
  dockerfile?: string;
  /** Whether something was left out that the user has to fill in. */
  hasSecrets: boolean;
}

/**
 * @param settings all that has to stand in Ghost's configuration
 * @param major of Ghost, 6 where it is not known
 */
export function printed(settings: readonly Setting[], major = 6): Printed {
  const whole = JSON.parse(withValues('', settings)) as object;
  const config = withMaskedSecrets(whole);
  const environment = environmentOf(config);
  return {
    config,
    environment,
    compose: composeOf(environment, major),
    dockerfile: major === 5 ? undefined : dockerfileOf(major),
    hasSecrets: JSON.stringify(config) !== JSON.stringify(whole),
  };
}

/** Every value by the name that Ghost gives it in the environment. */
function environmentOf(config: object, prefix = ''): Record<string, string> {
  return Object.entries(config).reduce<Record<string, string>>((all, [name, value]: [string, unknown]) => {
    const place = `${prefix}${name}`;
    return typeof value === 'object' && value !== null
      ? { ...all, ...environmentOf(value, `${place}__`) }
      : { ...all, [place]: String(value) };
  }, {});
}

function composeOf(environment: Record<string, string>, major: number): string {
  return stringify(
    {
      services: {
        ghost: {
          image: `ghost:${major}`,
          // Not read-only: the image gives the whole content folder to its user, and does not start where it cannot.
          volumes: ['ghost:/var/lib/ghost/content', `./${ADAPTER}:${IN_THE_VOLUME}`],
          // Compose puts variables in place of a single dollar.
          environment: mapValues(environment, (value) => value.replaceAll('$', '$$$$')),
        },
      },
    },
    { lineWidth: 0 },
  );
}

const dockerfileOf = (major: number) =>
  [
    `FROM ghost:${major} AS adapter`,
    'WORKDIR /adapter',
    'RUN npm pack ghost-storage-s3-cloudfront && tar -xzf ghost-storage-s3-cloudfront-*.tgz',
    '',
    `FROM ghost:${major}`,
    `COPY --from=adapter /adapter/package ${BESIDE_THE_VOLUME}/storage/${ADAPTER}`,
    `ENV paths__installedAdaptersPath=${BESIDE_THE_VOLUME}`,
    '',
  ].join('\n');

const mapValues = (record: Record<string, string>, change: (value: string) => string) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
