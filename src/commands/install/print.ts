import path from 'node:path';
import { stringify } from 'yaml';
import { ADAPTER } from '../../core/features';
import type { ComposeGhost } from '../../ghost-site/compose/compose-ghost';
import { type Setting, withValues } from '../../ghost-site/edit-config';
import { jsonSettings } from '../../ghost-site/settings-file';
import {
  findGhostSite,
  type GhostSite,
  type GhostSiteOptions,
  isAtLeast,
  OLDEST_WITH_INSTALLED_ADAPTERS,
} from '../../ghost-site/site';
import { calledAs } from '../../shell/called-as';
import { Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { quoted } from '../../shell/text';
import { type ConfigOptions, planConfigChange } from './config-change';
import { withMaskedSecrets } from './config-diff';
import { supportedMajor } from './preconditions';
import { warnOfGhost5 } from './say';

const OLD_CONTENT = '/var/lib/ghost/content';
/** In the image of the successor of Ghost-CLI. */
const NEW_HOME = '/home/ghost';
const OUTSIDE_THE_VOLUME = '/var/lib/ghost/adapters';

/** How to set up the adapter by hand, for each way to run Ghost. Secrets are masked. */
export interface ManualSetup {
  /** The block for Ghost's configuration file. */
  config: object;
  /** The same as environment variables. */
  environment: Record<string, string>;
  compose: string;
  /** The `compose.override.yml` of a new ghost-docker site that this one is moved to; undefined for Ghost 5. */
  composeOverride?: string;
  /** Undefined for a Ghost before 6.54.1, which finds adapters only in its content folder, which is a volume. */
  dockerfile?: string;
  /** Whether the user has to fill in masked secrets. */
  hasSecrets: boolean;
}

type Ways = Omit<ManualSetup, 'hasSecrets'>;

/**
 * `install --print`: prints how to set up the adapter by hand, and changes nothing.
 *
 * @throws Failure when the options are incomplete or wrong, or Ghost is not found where it is needed
 */
export function printManualSetup(
  terminal: Terminal,
  options: GhostSiteOptions & ConfigOptions & { json?: boolean },
): void {
  const isNamed = options.ghost !== undefined || options.config !== undefined || options.content !== undefined;
  // With --bucket alone, no Ghost is needed: the setup may be for another machine.
  const site = options.bucket === undefined || isNamed ? siteToPrint(terminal, options) : undefined;
  const major = supportedMajor(site ?? {});
  const file = site?.configFile ?? 'config.production.json';
  // Planned as a change of an empty file, so that existing settings are also printed.
  const config = site?.config ?? {};
  const { notices, all } = planConfigChange(
    { text: JSON.stringify(config), settings: jsonSettings(file, () => ({})), major },
    options,
  );
  const { hasSecrets, ...ways } = manualSetup(all, major, site);
  notices.forEach((notice) => terminal.warn(notice));
  if (options.json) {
    terminal.result(ways);
    return;
  }
  const section = (title: string, body: string) =>
    terminal.say(`${terminal.colors.bold(title)}\n\n${body.trimEnd()}\n`);
  settingsSections(ways, site).forEach(([title, body]) => section(title, body));
  section(
    site?.compose
      ? "Or everything in compose.override.yml, with the adapter's folder next to it:"
      : "Or with Docker Compose, and the adapter's folder next to compose.yaml:",
    `mkdir ${ADAPTER} && npm pack ghost-storage-s3-cloudfront && tar -xzf ghost-storage-s3-cloudfront-*.tgz --strip-components=1 -C ${ADAPTER}\n\n${ways.compose}`,
  );
  if (ways.composeOverride) {
    section(
      'To move to ghost-docker with ghost migrate-export, before the import:',
      `Put this compose.override.yml into the new folder, next to the adapter's folder as above. The export contains the settings.\n\n${ways.composeOverride}`,
    );
  }
  if (ways.dockerfile) {
    section(
      `Or with your own image (Ghost ${OLDEST_WITH_INSTALLED_ADAPTERS} or newer), and the environment as above:`,
      ways.dockerfile,
    );
  }
  if (hasSecrets) {
    terminal.warn('Secrets are not printed. Replace ******** with your secrets.');
  }
  if (major === 5) {
    warnOfGhost5(terminal);
  }
}

/**
 * Finds the Ghost whose settings are printed.
 *
 * @returns undefined when it cannot be read and the options are complete, after a warning
 * @throws Failure with the missing options when they are not
 */
function siteToPrint(terminal: Terminal, options: GhostSiteOptions & ConfigOptions): GhostSite | undefined {
  try {
    return findGhostSite(options);
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    if (options.bucket === undefined) {
      throw new Failure(
        error.message,
        `${error.cure}\nTo print the settings without reading these files: ${calledAs()} install --print --bucket blog-images --region eu-central-1 --cdn-url https://images.example.com`,
        { cause: error },
      );
    }
    terminal.warn(`${error.message}\n  The following settings are therefore general, and not specific to this Ghost.`);
    return undefined;
  }
}

/** Returns the settings as they are in Ghost's file, and as environment variables where these differ. */
function settingsSections({ config, environment }: Ways, site: GhostSite | undefined): [title: string, body: string][] {
  const { file = 'config.production.json', format = 'json' } = site?.settings ?? {};
  const title = `In ${path.basename(file)}, in addition to its settings:`;
  if (site && format === 'env') {
    const settings = Object.entries(config).map(([name, value]): Setting => [[name], value]);
    return site.settings.isWritable ? [[title, site.settings.withValues('', settings)]] : [];
  }
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${quoted(value)}`);
  return [
    [title, JSON.stringify(config, null, 2)],
    ["Or in Ghost's environment:", variables.join('\n')],
  ];
}

/** Describes the settings for each way to run Ghost; its major version is 6 when it is unknown. */
export function manualSetup(
  settings: readonly Setting[],
  major = 6,
  site: Pick<GhostSite, 'version' | 'major' | 'compose'> = {},
): ManualSetup {
  const whole = JSON.parse(withValues('', settings)) as object;
  const config = withMaskedSecrets(whole);
  const environment = environmentOf(config);
  return {
    config,
    environment,
    compose: composeOf(environment, major, site.compose),
    composeOverride: major === 5 || site.compose?.home === NEW_HOME ? undefined : overrideForMove(),
    dockerfile: major === 5 || !isAtLeast(site, OLDEST_WITH_INSTALLED_ADAPTERS) ? undefined : dockerfileOf(major),
    hasSecrets: JSON.stringify(config) !== JSON.stringify(whole),
  };
}

/** Returns each value under the name of its environment variable. */
function environmentOf(config: object, prefix = ''): Record<string, string> {
  return Object.entries(config).reduce<Record<string, string>>((all, [name, value]: [string, unknown]) => {
    const place = `${prefix}${name}`;
    return typeof value === 'object' && value !== null
      ? { ...all, ...environmentOf(value, `${place}__`) }
      : { ...all, [place]: String(value) };
  }, {});
}

/** Compose would replace a single dollar with a variable. */
const withDollars = (environment: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.replaceAll('$', '$$$$')]));

/**
 * Returns the settings as `environment` of a service of Docker Compose. Secrets are masked.
 *
 * @returns `hasSecrets`: whether the user has to fill in secrets
 */
export function environmentBlock(settings: readonly Setting[], service: string): { text: string; hasSecrets: boolean } {
  const { environment, hasSecrets } = manualSetup(settings);
  const text = stringify({ services: { [service]: { environment: withDollars(environment) } } }, { lineWidth: 0 });
  return { text, hasSecrets };
}

/** The content folder of a new site must be empty, so that the adapter cannot be in it before the import. */
const overrideForMove = (): string =>
  stringify(
    { services: { ghost: { volumes: [`./${ADAPTER}:${NEW_HOME}/content/adapters/storage/${ADAPTER}`] } } },
    { lineWidth: 0 },
  );

/** Returns what to add to a Ghost of Docker Compose, or a whole Compose file. */
function composeOf(environment: Record<string, string>, major: number, compose: ComposeGhost | undefined): string {
  // Not read-only: the image changes the owner of the whole content folder when it starts, and fails if it cannot.
  const adapter = `./${ADAPTER}:${path.posix.join(compose?.contentPath ?? OLD_CONTENT, 'adapters/storage', ADAPTER)}`;
  const settings = withDollars(environment);
  const whole = compose
    ? { services: { [compose.name]: { volumes: [adapter], environment: settings } } }
    : {
        services: {
          ghost: { image: `ghost:${major}`, volumes: [`ghost:${OLD_CONTENT}`, adapter], environment: settings },
        },
        volumes: { ghost: {} },
      };
  return stringify(whole, { lineWidth: 0 });
}

const dockerfileOf = (major: number) =>
  [
    `FROM ghost:${major} AS adapter`,
    'WORKDIR /adapter',
    'RUN npm pack ghost-storage-s3-cloudfront && tar -xzf ghost-storage-s3-cloudfront-*.tgz',
    '',
    `FROM ghost:${major}`,
    `COPY --from=adapter /adapter/package ${OUTSIDE_THE_VOLUME}/storage/${ADAPTER}`,
    `ENV paths__installedAdaptersPath=${OUTSIDE_THE_VOLUME}`,
    '',
  ].join('\n');
