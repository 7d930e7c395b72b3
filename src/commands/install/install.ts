import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ADAPTER, FEATURES } from '../../core/features';
import { adapterOptionsOf, settingsOfEnvironment, storageOf } from '../../ghost-site/config';
import { textOf } from '../../ghost-site/config-text';
import { replaceGhostConfig } from '../../ghost-site/config-file';
import { warningOfReadableSecrets } from '../../ghost-site/readable-secrets';
import type { GhostSite } from '../../ghost-site/site';
import { siteParameters } from '../../ghost-site/site-parameters';
import { ownCommand } from '../../shell/called-as';
import { Declined, Failure } from '../../shell/failure';
import { type Owner, withRightsOf } from '../../shell/owner-rights';
import { ownManifest } from '../../shell/paths';
import { someNamesIn } from '../../shell/read-file';
import type { Terminal } from '../../shell/terminal';
import { installedVersion, isInstalled } from './adapter-files';
import { putAdapter, undoOnFailure } from './adapter-folder';
import { type AdapterPlace, adapterPlace, assertNoDetour, assertWritableFolder } from './adapter-place';
import { assertChosenPaths } from '../../ghost-site/chosen-paths';
import { type ConfigChange, type ConfigOptions, planConfigChange } from './config-change';
import { nodeOfGhost } from './ghost-node';
import { userOfGhost } from './ghost-user';
import { assertThatGhostLoads } from './load-check';
import {
  assertConfigFile,
  assertNodeVersion,
  assertNotInVolume,
  isLostWithContainer,
  type Machine,
  supportedMajor,
} from './preconditions';
import { restartStep, showConfigChange, showNextSteps, warnOfGhost5 } from './say';

/** What an installation changes. */
interface Plan {
  site: GhostSite;
  /** Ghost's major version, undefined when only the content is here. */
  major?: number;
  /** The Node that Ghost runs with. */
  node: string;
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
 * `install`: copies the adapter into its folder and writes Ghost's configuration, after the user has agreed.
 *
 * @param options `config` is the configuration file that the user named
 * @throws Failure when something is in the way or Ghost could not load the adapter, Declined when the user says no
 */
export async function install(
  terminal: Terminal,
  site: GhostSite,
  options: ConfigOptions & { config?: string; content?: string; json?: boolean },
): Promise<void> {
  const machine = thisMachine();
  const plan = makePlan(site, options, machine);
  const { place, before, copies, changesConfig } = plan;
  showPlan(terminal, plan, machine);
  if ((copies || changesConfig) && !(await terminal.confirm(copies ? 'Install the adapter?' : 'Change the file?'))) {
    throw new Declined();
  }
  const backup = carryOut(terminal, plan);
  if (options.json) {
    terminal.result({
      changed: copies || changesConfig,
      adapter: { folder: place.folder, version: ownManifest().version, replacedVersion: copies ? before : undefined },
      configFile: site.configFile,
      backup,
      ghostVersion: site.version,
    });
  } else {
    showInstalled(terminal, plan, backup);
  }
}

/** Plans the installation, and makes sure that nothing is in its way. */
function makePlan(
  site: GhostSite,
  options: ConfigOptions & { config?: string; content?: string },
  machine: Machine,
): Plan {
  const { configFile, contentPath } = site;
  const major = supportedMajor(site.version);
  if (!existsSync(contentPath)) {
    throw new Failure(
      `There is no content folder ${contentPath}.`,
      'Name it with --content, or run the command on the machine that Ghost runs on.',
    );
  }
  assertChosenPaths(site, options.content);
  const place = adapterPlace(site, major);
  assertNoDetour(place);
  const user = userOfGhost(site, place.folder);
  const { node, version } = nodeOfGhost(site.folder, user);
  assertNodeVersion(version, node);
  const text = textOf(configFile);
  const environment = settingsOfEnvironment(process.env);
  const config = planConfigChange({ text, file: configFile, environment, major }, options);
  const changesConfig = config.settings.length > 0;
  if (changesConfig) {
    assertConfigFile(site, options.config);
  }
  const before = installedVersion(place);
  const copies = !isInstalled(place);
  if (copies) {
    assertNotInVolume(place.folder, machine);
    assertWritableFolder(place, contentPath, user);
  }
  return { site, major, node, user, place, before, copies, config, text, changesConfig };
}

function showPlan(terminal: Terminal, plan: Plan, machine: Machine): void {
  const { site, user, place, before, copies, major, config, text, changesConfig } = plan;
  const { folder } = place;
  const { configFile } = site;
  terminal.say(`Ghost ${site.version ?? 'of an unknown version'} in ${site.folder}`);
  if (copies) {
    const sign = before === undefined ? terminal.colors.green('+') : terminal.colors.yellow('~');
    terminal.say(`${sign} ${folder}${before === undefined ? '' : ` (${before} → ${ownManifest().version})`}`);
  }
  if (major === undefined) {
    terminal.warn("Ghost's own code is not here: Ghost 6 is assumed, and its own check of adapters is left out.");
  }
  const unused = path.join(site.contentPath, 'adapters', 'storage', ADAPTER);
  if (unused !== folder && existsSync(unused)) {
    terminal.warn(`${unused} is not used: paths.installedAdaptersPath comes first. It can be deleted.`);
  }
  config.notices.forEach((notice) => terminal.warn(notice));
  if (!changesConfig) {
    return;
  }
  showConfigChange(terminal, configFile, text, config.text);
  const warning = warningOfReadableSecrets(configFile, config.text, user);
  if (warning !== undefined) {
    terminal.warn(warning);
  }
  if (isLostWithContainer(configFile, machine)) {
    terminal.warn(
      `${configFile} belongs to this container and is gone with it: mount the file, or set the environment (--print).`,
    );
  }
}

/**
 * Copies the adapter, has it loaded as Ghost would, and then writes the configuration.
 *
 * @returns the path of the configuration's backup, undefined when it was not changed
 */
function carryOut(terminal: Terminal, plan: Plan): string | undefined {
  const { site, major, node, user, place, copies, config, changesConfig } = plan;
  const { contentPath, codeFolder, configFile } = site;
  const storage = storageOf(config.config);
  const checkAndWrite = () => {
    assertThatGhostLoads({
      node,
      user,
      folder: place.folder,
      contentPath,
      installedAdaptersPath: site.config.paths?.installedAdaptersPath,
      codeFolder,
      major,
      options: FEATURES.map((feature) => adapterOptionsOf(storage, feature)),
    });
    terminal.say(`${terminal.colors.green('✔')} It loads as Ghost loads it.`);
    return changesConfig ? replaceGhostConfig(configFile, config.text) : undefined;
  };
  return undoOnFailure(copies ? putAdapter(place) : undefined, checkAndWrite, (text) => terminal.warn(text));
}

function showInstalled(terminal: Terminal, plan: Plan, backup: string | undefined): void {
  const { site, user, copies, changesConfig, major } = plan;
  const { version } = ownManifest();
  terminal.say();
  terminal.say(
    copies || changesConfig
      ? terminal.colors.green(`✔ Ghost will store images, media and files by ${ADAPTER} ${version}.`)
      : `Nothing to change: ${ADAPTER} ${version} is installed.`,
  );
  if (backup) {
    terminal.say(`As it was before, the configuration is ${backup}.`);
  }
  if (major === 5) {
    warnOfGhost5(terminal);
  }
  const where = siteParameters(site);
  const migrate = ownCommand(`migrate${where}`, { reads: [site.configFile, site.contentPath] });
  const restart = restartStep(site);
  showNextSteps(terminal, [
    ...(hasFiles(site.contentPath, user)
      ? [
          `${migrate}   (brings the files to the bucket; before the restart, or old posts lack them until then)`,
          restart,
          `${migrate}   (for what was uploaded meanwhile)`,
        ]
      : [restart]),
    `${ownCommand(`doctor${where}`, { reads: [site.configFile] })}   (proves that it works)`,
  ]);
}

const hasFiles = (contentPath: string, user: Owner): boolean =>
  withRightsOf(user, () =>
    FEATURES.some((feature) =>
      someNamesIn(path.join(contentPath, feature)).some((name) => !/^(README.md|\..*|size)$/.test(name)),
    ),
  );

const thisMachine = (): Machine => ({
  environment: process.env,
  mounts: existsSync('/proc/self/mountinfo') ? readFileSync('/proc/self/mountinfo', 'utf8') : '',
});
