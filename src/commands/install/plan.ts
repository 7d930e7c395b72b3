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
  /** The adapter's files have to be copied. */
  copies: boolean;
  config: ConfigChange;
  /** The text of the configuration file before the change. */
  text: string;
  /** The configuration file has to be changed. */
  changesConfig: boolean;
}

/**
 * Plans the installation, and makes sure that nothing is in its way. Nothing is changed.
 *
 * @param options `config` and `content` are what the user named
 * @throws Failure with what is in the way
 */
export function planInstall(
  site: GhostSite,
  options: ConfigOptions & { config?: string; content?: string },
): InstallPlan {
  const { contentPath } = site;
  const major = supportedMajor(site);
  if (!exists(contentPath)) {
    throw new Failure(
      `There is no content folder ${contentPath}.`,
      'Name it with --content, or run the command on the machine that Ghost runs on.',
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
    terminal.warn("Ghost's own code is not here: Ghost 6 is assumed, and its own check of adapters is left out.");
  }
  const unused = knownInContent(site, ADAPTER_IN_CONTENT);
  if (unused !== undefined && unused !== folder && existsSync(unused)) {
    terminal.warn(`${unused} is not used: paths.installedAdaptersPath comes first. It can be deleted.`);
  }
  const ignored = site.config.paths?.installedAdaptersPath;
  if (ignored !== undefined && installedAdaptersPath(site) === undefined) {
    terminal.warn(
      `paths.installedAdaptersPath (${ignored}) is left out: Ghost knows it from ${OLDEST_WITH_INSTALLED_ADAPTERS} on.`,
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
      `${configFile} belongs to this container and is gone with it: mount the file, or set the environment (--print).`,
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
      // The Node of its container is another one.
      return undefined;
    }
    throw error;
  }
}

/** Ghost would not start with the adapter's settings before its files are there, which the next run copies. */
function withoutEnvFile({ compose, settings: { file } }: GhostSite, { settings }: ConfigChange): Failure {
  const { name = 'ghost' } = compose ?? {};
  const { text, hasSecrets } = environmentBlock(settings, name);
  return new Failure(
    `The service ${name} in ${file} has no env file to write the settings to. Nothing was changed.`,
    `Give it one (env_file: ghost.env), create that file (touch ghost.env && chmod 600 ghost.env), and run the command again.\n` +
      `Or add this to compose.override.yml, and run the command again before you start Ghost: it then copies the adapter,\n` +
      `which Ghost needs with these settings.${hasSecrets ? ' Replace ******** with your secrets.' : ''}\n\n${text}`,
  );
}

const thisMachine = (): Machine => ({
  environment: process.env,
  mounts: existsSync('/proc/self/mountinfo') ? readFileSync('/proc/self/mountinfo', 'utf8') : '',
});
