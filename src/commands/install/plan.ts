import { existsSync, readFileSync } from 'node:fs';
import { assertChosenPaths } from '../../ghost-site/chosen-paths';
import { ADAPTER_IN_CONTENT, knownInContent } from '../../ghost-site/content-place';
import { warningOfReadableSecrets } from '../../ghost-site/readable-secrets';
import { type GhostSite, OLDEST_WITH_INSTALLED_ADAPTERS } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import type { Owner } from '../../shell/owner-rights';
import { exists, ownManifest } from '../../shell/paths';
import type { Terminal } from '../../shell/terminal';
import { installedVersion, isInstalled } from './adapter-files';
import {
  type AdapterPlace,
  adapterPlace,
  assertNoDetour,
  assertWritableFolder,
  installedAdaptersPath,
} from './adapter-place';
import { type ConfigChange, type ConfigOptions, planConfigChange } from './config-change';
import { nodeOfGhost } from './ghost-node';
import { userOfGhost } from './ghost-user';
import {
  assertConfigFile,
  assertNodeVersion,
  assertNotInVolume,
  isLostWithContainer,
  type Machine,
  supportedMajor,
} from './preconditions';
import { environmentBlock } from './print';
import { showConfigChange } from './say';

/** What an installation changes. */
export interface InstallPlan {
  site: GhostSite;
  /** Ghost's major version, undefined when only the content is here. */
  major?: number;
  /** The Node that Ghost runs with; for a Ghost in a container, one of this machine, if its user can run any. */
  node?: string;
  /** The user with whose rights Ghost's code is run. */
  user: Owner;
  place: AdapterPlace;
  /** The installed version of the adapter. */
  before?: string;
  /** Whether the adapter's files have to be copied. */
  copies: boolean;
  config: ConfigChange;
  /** The text of the configuration file before the change. */
  text: string;
  /** Whether the configuration file has to be changed. */
  changesConfig: boolean;
}

/**
 * Plans the installation, and makes sure that it is possible. Nothing is changed.
 *
 * @param options `config` and `content` are what the user named
 * @throws Failure with the problem
 */
export function planInstall(
  site: GhostSite,
  options: ConfigOptions & { config?: string; content?: string },
): InstallPlan {
  const { contentPath } = site;
  const major = supportedMajor(site);
  if (!exists(contentPath)) {
    throw new Failure(
      `The content folder ${contentPath} does not exist.`,
      'Name it with --content, or run the command on the machine where Ghost runs.',
    );
  }
  assertChosenPaths(site, options.content);
  const place = adapterPlace(site);
  assertNoDetour(place);
  const user = userOfGhost(site, place.folder);
  const node = nodeFor(site, user);
  const { settings } = site;
  const text = settings.text();
  const config = planConfigChange({ text, settings, major }, options);
  const changesConfig = config.settings.length > 0;
  if (changesConfig && !settings.isWritable) {
    throw withoutEnvFile(site, config);
  }
  if (changesConfig) {
    assertConfigFile(site, options.config);
  }
  const before = installedVersion(place);
  const copies = !isInstalled(place);
  if (copies) {
    assertNotInVolume(place.folder, thisMachine());
    assertWritableFolder(place, contentPath, user);
  }
  return { site, major, node, user, place, before, copies, config, text, changesConfig };
}

/** Shows what an installation changes, with the secrets masked. */
export function showPlan(terminal: Terminal, plan: InstallPlan): void {
  const { site, user, place, before, copies, major, config, text, changesConfig } = plan;
  const { folder } = place;
  const { configFile } = site;
  const version = site.version ?? (major === undefined ? 'of an unknown version' : String(major));
  terminal.say(`Ghost ${version} in ${site.folder}${site.compose ? ', in a container' : ''}`);
  if (copies) {
    const sign = before === undefined ? terminal.colors.green('+') : terminal.colors.yellow('~');
    terminal.say(`${sign} ${folder}${before === undefined ? '' : ` (${before} → ${ownManifest().version})`}`);
  }
  if (major === undefined && !site.compose) {
    terminal.warn(
      "Ghost's own code is not here, so the command assumes Ghost 6 and skips Ghost's own check of adapters.",
    );
  }
  const unused = knownInContent(site, ADAPTER_IN_CONTENT);
  if (unused !== undefined && unused !== folder && existsSync(unused)) {
    terminal.warn(`${unused} is not used, since paths.installedAdaptersPath comes first. You can delete it.`);
  }
  const ignored = site.config.paths?.installedAdaptersPath;
  if (ignored !== undefined && installedAdaptersPath(site) === undefined) {
    terminal.warn(
      `This Ghost ignores paths.installedAdaptersPath (${ignored}), which needs Ghost ${OLDEST_WITH_INSTALLED_ADAPTERS} or newer.`,
    );
  }
  config.notices.forEach((notice) => terminal.warn(notice));
  if (!changesConfig) {
    return;
  }
  showConfigChange(terminal, site.settings, text, config.text);
  const warning = warningOfReadableSecrets(site.settings, config.text, user);
  if (warning !== undefined) {
    terminal.warn(warning);
  }
  if (isLostWithContainer(configFile, thisMachine())) {
    terminal.warn(
      `${configFile} is inside this container and will be lost with it. Mount the file, or use environment variables (--print).`,
    );
  }
}

function nodeFor({ folder, compose }: GhostSite, user: Owner): string | undefined {
  try {
    const { node, version } = nodeOfGhost(folder, user);
    assertNodeVersion(version, node);
    return node;
  } catch (error) {
    if (compose && error instanceof Failure) {
      // Its container has another Node.
      return undefined;
    }
    throw error;
  }
}

/**
 * Refuses a container without an env file. Ghost would not start with the settings before the adapter's files are
 * there, and the next run copies these.
 */
function withoutEnvFile({ compose, settings: { file } }: GhostSite, { settings }: ConfigChange): Failure {
  const { name = 'ghost' } = compose ?? {};
  const { text, hasSecrets } = environmentBlock(settings, name);
  return new Failure(
    `The service ${name} in ${file} has no env file to write the settings to. Nothing was changed.`,
    `Add one to the service (env_file: ghost.env), create that file (touch ghost.env && chmod 600 ghost.env), and run the command again.\n` +
      `Or add this to compose.override.yml, and run the command again before you start Ghost. It then copies the adapter,\n` +
      `which Ghost needs with these settings.${hasSecrets ? ' Replace ******** with your secrets.' : ''}\n\n${text}`,
  );
}

const thisMachine = (): Machine => ({
  environment: process.env,
  mounts: existsSync('/proc/self/mountinfo') ? readFileSync('/proc/self/mountinfo', 'utf8') : '',
});
