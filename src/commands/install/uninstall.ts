import { ADAPTER } from '../../core/features';
import {
  isObject,
  readGhostConfig,
  settingsOfEnvironment,
  storageOf,
  usesAdapter,
  withSettings,
} from '../../ghost-site/config';
import { textOf } from '../../ghost-site/config-text';
import { replaceGhostConfig } from '../../ghost-site/config-file';
import type { GhostSite } from '../../ghost-site/site';
import { siteParameters } from '../../ghost-site/site-parameters';
import { ownCommand } from '../../shell/called-as';
import { Declined, Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { installedVersion } from './adapter-files';
import { removeAdapter, undoOnFailure } from './adapter-folder';
import { adapterPlace, assertNoDetour, assertWritableFolder } from './adapter-place';
import { assertChosenPaths } from '../../ghost-site/chosen-paths';
import { restoredConfig } from './config-restore';
import { assertConfigFile, supportedMajor } from './preconditions';
import { restartStep, showConfigChange, showNextSteps } from './say';

/**
 * `install --uninstall`: removes the adapter's folder, and the adapter from Ghost's configuration.
 *
 * @param options `config` is the configuration file that the user named
 * @throws Failure when something is in the way, Declined when the user says no
 */
export async function uninstall(
  terminal: Terminal,
  site: GhostSite,
  options: { config?: string; content?: string; json?: boolean },
): Promise<void> {
  const { configFile } = site;
  assertChosenPaths(site, options.content);
  const place = adapterPlace(site, supportedMajor(site.version));
  const { folder } = place;
  assertNoDetour(place);
  const isThere = installedVersion(place) !== undefined;
  const text = textOf(configFile);
  const block = storageOf(site.config)[ADAPTER];
  const restored = restoredConfig(configFile, text, isObject(block) ? block.cdnUrl : undefined);
  const after = restored?.text ?? text;
  if (usesAdapter(withSettings(readGhostConfig(after, configFile), settingsOfEnvironment(process.env)))) {
    throw new Failure(
      'The environment still has Ghost use the adapter: storage__active, storage__media or storage__files.',
      'Take these variables out first, and the command again then.',
    );
  }
  if (restored) {
    assertConfigFile(site, options.config);
  }
  if (isThere) {
    assertWritableFolder(place, site.contentPath, place.owner);
    terminal.say(`${terminal.colors.red('-')} ${folder}`);
  }
  if (restored) {
    showConfigChange(terminal, configFile, text, after);
    if (restored.backup) {
      terminal.say(`That is ${restored.backup}, as it was before the adapter.`);
    }
  }
  if ((isThere || restored) && !(await terminal.confirm('Take the adapter out?'))) {
    throw new Declined();
  }
  const backup = undoOnFailure(
    isThere ? removeAdapter(place) : undefined,
    () => (restored ? replaceGhostConfig(configFile, after) : undefined),
    (text) => terminal.warn(text),
  );

  if (options.json) {
    terminal.result({ changed: isThere || restored !== undefined, adapter: { folder }, configFile, backup });
  } else if (isThere || restored) {
    showUninstalled(terminal, site, backup);
  } else {
    terminal.say('Nothing to take out: Ghost does not use the adapter.');
  }
}

function showUninstalled(terminal: Terminal, site: GhostSite, backup: string | undefined): void {
  terminal.say();
  terminal.say(terminal.colors.green('✔ The adapter is taken out. Ghost will store as it did before.'));
  if (backup) {
    terminal.say(`The configuration with the adapter is ${backup}.`);
  }
  const configFile = backup ?? site.configFile;
  const migrate = ownCommand(`migrate --to-local${siteParameters({ ...site, configFile })}`, {
    reads: [configFile],
    writes: [site.contentPath],
  });
  showNextSteps(terminal, [`${migrate}   (brings the files back, before the restart)`, restartStep(site)]);
  terminal.say(
    'Posts that were written on Ghost 5, or without "urls", hold full addresses of the CDN: keep it as long as they are read.',
  );
}
