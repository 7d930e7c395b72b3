import { ADAPTER } from '../../core/features';
import { isObject, storageOf, usesAdapter } from '../../ghost-site/config';
import type { GhostSite } from '../../ghost-site/site';
import { Declined, Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { planConfigChange } from '../install/config-change';
import { planInstall, showPlan } from '../install/plan';
import { supportedMajor } from '../install/preconditions';
import { showConfigChange } from '../install/say';
import { askBlog } from './blog';
import { restartOnCdn } from './bring-up';
import { canChange, changerOf } from './change';
import type { Switchable } from './journey';
import type { SetupOptions } from './options';
import { restartOf } from './restart';

/**
 * Switches Ghost over: installs the adapter, restarts Ghost, and waits until the blog redirects to the CDN. When Ghost
 * does not come up, its configuration is restored and it is restarted on the disk.
 *
 * @param steps `hasNewOptions` says whether the options were changed, which a Ghost that already uses the adapter reads
 *   when it restarts; `beforeChanging` is called before such a Ghost gets a change that needs a restart
 * @throws Failure with Ghost's last error when it did not come up; Declined when the user says no
 */
export async function switchOver(
  switchable: Switchable,
  { hasNewOptions, beforeChanging }: { hasNewOptions: boolean; beforeChanging: () => void },
): Promise<void> {
  const { terminal, site, cdnUrl, restartCommand, change } = switchable;
  const { state } = await askBlog(site, cdnUrl);
  const isCurrent = !hasNewOptions && !isToInstall(switchable);
  if (state === 'cdn' && isCurrent) {
    terminal.say(`${terminal.colors.green('✔')} Ghost already uses the image server.`);
    return;
  }
  showChange(switchable);
  if (!(await terminal.confirm(restartCommand ? 'Switch over and restart Ghost now?' : 'Switch over now?'))) {
    throw new Declined(
      state === 'cdn'
        ? 'Ghost still runs as before. Run the same command again to restart it with the changes.'
        : 'Ghost still runs from the disk. Run the same command again to switch it over.',
    );
  }
  if (state === 'cdn') {
    beforeChanging();
  }
  await change({ do: 'install' });
  await restartOnCdn(switchable, state);
}

/** Whether the adapter's files or Ghost's configuration have to be changed. */
function isToInstall({ site, options }: Switchable): boolean {
  try {
    const { copies, changesConfig } = planInstall(site, options);
    return copies || changesConfig;
  } catch (error) {
    if (error instanceof Failure) {
      // The change itself reports the problem.
      return true;
    }
    throw error;
  }
}

/** Shows what the switch changes in Ghost's files. */
function showChange({ terminal, site, options }: Switchable): void {
  if (canChange(site)) {
    showPlan(terminal, planInstall(site, options));
  } else {
    terminal.say(`sudo copies the adapter into ${site.contentPath}, and changes ${site.configFile}:`);
    const { settings } = site;
    const text = settings.text();
    showConfigChange(
      terminal,
      settings,
      text,
      planConfigChange({ text, settings, major: supportedMajor(site) }, {}).text,
    );
  }
}

/**
 * Brings up a Ghost that uses the adapter and does not answer, for example after a run that was stopped during the
 * restart.
 *
 * @throws Failure when it does not come up, and runs from the disk again
 */
export async function bringUpIfDown(terminal: Terminal, site: GhostSite, options: SetupOptions): Promise<void> {
  const block = storageOf(site.config)[ADAPTER];
  const cdnUrl = isObject(block) ? block.cdnUrl : undefined;
  if (!usesAdapter(site.config) || typeof cdnUrl !== 'string' || !URL.canParse(cdnUrl)) {
    return;
  }
  const { state, answer } = await askBlog(site, cdnUrl);
  if (state !== 'down') {
    return;
  }
  terminal.warn(`The blog does not answer (${answer}), although its configuration uses the adapter.`);
  const restartCommand = restartOf(site, options);
  if (!(await terminal.confirm(restartCommand ? 'Restart Ghost now?' : 'Wait until you have started Ghost?'))) {
    throw new Declined();
  }
  const change = changerOf(terminal, site, options);
  await restartOnCdn({ terminal, site, cdnUrl, restartCommand, options, change }, state);
}
