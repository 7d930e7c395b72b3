import { ADAPTER } from '../../core/features';
import { isObject, storageOf, usesAdapter } from '../../ghost-site/config';
import { replaceGhostConfig } from '../../ghost-site/config-file';
import { restartLine } from '../../ghost-site/restart';
import type { GhostSite } from '../../ghost-site/site';
import { siteParameters } from '../../ghost-site/site-parameters';
import { ownCommand } from '../../shell/called-as';
import { Declined, Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { installedVersion } from './adapter-files';
import { removeAdapter, undoOnFailure } from './adapter-folder';
import { type AdapterPlace, adapterPlace, assertNoDetour, assertWritableFolder } from './adapter-place';
import { assertChosenPaths } from '../../ghost-site/chosen-paths';
import { type Restored, restoredConfig } from './config-restore';
import { assertConfigFile, supportedMajor } from './preconditions';
import { sayWhichAddressesStay, showConfigChange, showNextSteps } from './say';

/** The changes when Ghost's configuration is restored. */
interface RestorePlan {
  site: GhostSite;
  /** The text of the configuration file. */
  text: string;
  /** The configuration without the adapter; undefined when it does not use it. */
  restored?: Restored;
}

/** The changes when the adapter is removed. */
export interface UninstallPlan extends RestorePlan {
  place: AdapterPlace;
  /** Whether the adapter's folder exists. */
  isThere: boolean;
}

/** The result of removing the adapter, which `--json` prints. */
export interface Uninstalled {
  changed: boolean;
  adapter: { folder: string };
  configFile: string;
  /** The path of the configuration with the adapter, undefined when the file was not changed. */
  backup?: string;
}

/**
 * `install --uninstall`: removes the adapter's folder, and the adapter from Ghost's configuration.
 *
 * @param options `config` and `content` are what the user named
 * @throws Failure when that is not possible, Declined when the user says no
 */
export async function uninstall(
  terminal: Terminal,
  site: GhostSite,
  options: { config?: string; content?: string; json?: boolean },
): Promise<void> {
  const plan = planUninstall(site, options);
  const { isThere, restored } = plan;
  showUninstallPlan(terminal, plan);
  if ((isThere || restored) && !(await terminal.confirm('Remove the adapter?'))) {
    throw new Declined();
  }
  const uninstalled = carryOutUninstall(terminal, plan);
  if (options.json) {
    terminal.result(uninstalled);
  } else if (uninstalled.changed) {
    showUninstalled(terminal, site, uninstalled.backup);
  } else {
    terminal.say('Nothing to remove: Ghost does not use the adapter.');
  }
}

/**
 * Plans the removal of the adapter, and makes sure that it is possible. Nothing is changed.
 *
 * @param options `config` and `content` are what the user named
 * @throws Failure with the problem
 */
export function planUninstall(site: GhostSite, options: { config?: string; content?: string }): UninstallPlan {
  assertChosenPaths(site, options.content);
  supportedMajor(site);
  const place = adapterPlace(site);
  assertNoDetour(place);
  const isThere = installedVersion(place) !== undefined;
  const plan = planRestore(site, options);
  if (isThere) {
    assertWritableFolder(place, site.contentPath, place.owner);
  }
  return { ...plan, place, isThere };
}

function planRestore(site: GhostSite, { config }: { config?: string }): RestorePlan {
  const text = site.settings.text();
  const block = storageOf(site.config)[ADAPTER];
  const restored = site.settings.isWritable
    ? restoredConfig(site.settings, text, isObject(block) ? block.cdnUrl : undefined)
    : undefined;
  if (usesAdapter(site.settings.seen(restored?.text ?? text))) {
    throw new Failure(
      `${site.compose ? site.settings.above.name : 'The environment'} still makes Ghost use the adapter: storage__active, storage__media or storage__files.`,
      'Remove these variables first, and run the command again.',
    );
  }
  if (restored) {
    assertConfigFile(site, config);
  }
  return { site, text, restored };
}

/**
 * Restores Ghost's configuration from before the adapter, whatever the state of the adapter's folder.
 *
 * @param options `config` is what the user named
 * @returns the path of the configuration with the adapter, undefined when the file was not changed
 * @throws Failure with the problem
 */
export function restoreConfig(site: GhostSite, options: { config?: string }): string | undefined {
  return carryOutRestore(planRestore(site, options));
}

const carryOutRestore = ({ site, text, restored }: RestorePlan): string | undefined =>
  restored && replaceGhostConfig(site.settings, restored.text, text);

/** Shows the changes when the adapter is removed, with the secrets masked. */
export function showUninstallPlan(terminal: Terminal, { site, place, isThere, text, restored }: UninstallPlan): void {
  if (isThere) {
    terminal.say(`${terminal.colors.red('-')} ${place.folder}`);
  }
  if (restored) {
    showConfigChange(terminal, site.settings, text, restored.text);
  }
  if (restored?.backup) {
    terminal.say(`That is ${restored.backup}, the configuration from before the adapter.`);
  }
}

/**
 * Carries out a plan to which the user has agreed. Ghost stores without the adapter from its next start.
 *
 * @throws Failure when it cannot be done; the changes are undone then
 */
export function carryOutUninstall(terminal: Terminal, plan: UninstallPlan): Uninstalled {
  const { site, place, isThere, restored } = plan;
  const backup = undoOnFailure(
    isThere ? removeAdapter(place) : undefined,
    () => carryOutRestore(plan),
    (problem) => terminal.warn(problem),
  );
  const { configFile } = site;
  return { changed: isThere || restored !== undefined, adapter: { folder: place.folder }, configFile, backup };
}

function showUninstalled(terminal: Terminal, site: GhostSite, backup: string | undefined): void {
  terminal.say();
  terminal.say(terminal.colors.green('✔ The adapter is removed. Ghost will store files as it did before.'));
  if (backup) {
    terminal.say(`The configuration with the adapter is saved as ${backup}.`);
  }
  const configFile = backup ?? site.configFile;
  const migrate = ownCommand(`migrate --to-local${siteParameters({ ...site, configFile })}`, {
    reads: [configFile],
    writes: [site.contentPath],
  });
  showNextSteps(terminal, [`${migrate}   (before the restart: copies the files back)`, restartLine(site)]);
  sayWhichAddressesStay(terminal);
}
