import { ADAPTER } from '../../core/features';
import { isObject, storageOf, usesAdapter } from '../../ghost-site/config';
import { logLine } from '../../ghost-site/restart';
import type { GhostSite } from '../../ghost-site/site';
import { ownCommand } from '../../shell/called-as';
import { Declined, Failure, Interruption } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { planConfigChange } from '../install/config-change';
import { planInstall, showPlan } from '../install/plan';
import { supportedMajor } from '../install/preconditions';
import { showConfigChange } from '../install/say';
import { askBlog, waitForBlog } from './blog';
import { canChange, changerOf } from './change';
import { lastErrorOf } from './ghost-log';
import type { Switchable } from './journey';
import type { SetupOptions } from './options';
import { askForRestart, restart, restartOf } from './restart';

/** How long (s) Ghost may take to answer after a restart. */
const BOOT_SECONDS = 60;

/** How long (s) to wait for a restart that the user makes. */
const PATIENCE_SECONDS = 15 * 60;

/**
 * Switches Ghost over: installs the adapter, restarts Ghost, and waits until the blog redirects to the CDN. When Ghost
 * does not come up, its configuration is put back and it is restarted on the disk.
 *
 * @param hasNewOptions whether the options were changed, which a Ghost that is switched over reads when it restarts
 * @throws Failure with Ghost's last error when it did not come up; Declined when the user says no
 */
export async function switchOver(switchable: Switchable, hasNewOptions: boolean): Promise<void> {
  const { terminal, site, cdnUrl, restartCommand, change } = switchable;
  const { state } = await askBlog(site, cdnUrl);
  const isCurrent = !hasNewOptions && !isToInstall(switchable);
  if (state === 'cdn' && isCurrent) {
    terminal.say(`${terminal.colors.green('✔')} Ghost is already switched over.`);
    return;
  }
  showChange(switchable);
  if (!(await terminal.confirm(restartCommand ? 'Switch over and restart Ghost now?' : 'Switch over now?'))) {
    throw new Declined('Ghost still runs from the disk. Run the same command again to switch it over.');
  }
  await change({ do: 'install' });
  await restartOnCdn(switchable, state === 'cdn');
}

/** Whether the adapter's files or Ghost's configuration have to be changed. */
function isToInstall({ site, options }: Switchable): boolean {
  try {
    const { copies, changesConfig } = planInstall(site, options);
    return copies || changesConfig;
  } catch (error) {
    if (error instanceof Failure) {
      // The change itself names the problem.
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
 * Brings up a Ghost that uses the adapter and does not answer, as after a run that was stopped during the restart.
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
  terminal.warn(`The blog does not answer (${answer}), and its configuration uses the adapter.`);
  const restartCommand = restartOf(site, options);
  if (!(await terminal.confirm(restartCommand ? 'Restart Ghost now?' : 'Wait until you have started Ghost?'))) {
    throw new Declined();
  }
  const change = changerOf(terminal, site, options);
  await restartOnCdn({ terminal, site, cdnUrl, restartCommand, options, change }, true);
}

/** @param mayHaveUploads whether Ghost may have stored files in the bucket, which are not on the disk */
async function restartOnCdn(switchable: Switchable, mayHaveUploads: boolean): Promise<void> {
  const { terminal, site, cdnUrl, restartCommand } = switchable;
  const startedAt = Date.now();
  const failure = restartCommand && (await restart(terminal, restartCommand));
  if (!restartCommand) {
    askForRestart(terminal, site);
  }
  if (terminal.signal.aborted) {
    throw new Interruption(
      'Stopped while Ghost restarts. Run the same command again: it brings Ghost up, or goes back.',
    );
  }
  const { signal } = terminal;
  const patience = restartCommand
    ? { seconds: BOOT_SECONDS, signal }
    : { seconds: PATIENCE_SECONDS, downSeconds: BOOT_SECONDS, signal };
  const found = await terminal.step('Waiting for Ghost', () =>
    failure === undefined ? waitForBlog(site, cdnUrl, (state) => state === 'cdn', patience) : askBlog(site, cdnUrl),
  );
  if (found.state === 'down') {
    const error = lastErrorOf(site, startedAt);
    terminal.warn(`Ghost did not come up (${failure ?? found.answer}). Going back to the disk.`);
    if (mayHaveUploads) {
      await copyUploadsBack(switchable);
    }
    await goBack(switchable, error);
  }
  if (found.state === 'disk') {
    throw new Failure(
      `Ghost was not restarted: the blog still serves its images itself${failure ? ` (${failure})` : ''}.`,
      'Restart Ghost, and run the same command again. The next start of Ghost switches it over.',
    );
  }
}

/** Copies what Ghost has stored in the bucket to the disk. When that fails, Ghost still has to come up. */
async function copyUploadsBack({ terminal, change }: Switchable): Promise<void> {
  try {
    await change({ do: 'copy-back' });
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    terminal.warn(
      `${error.message}\n  Files that are only in the bucket stay there. Copy them later: ${ownCommand('migrate --to-local')}`,
    );
  }
}

/** Puts the configuration back, and has Ghost run from the disk again. */
async function goBack(
  { terminal, site, cdnUrl, restartCommand, change }: Switchable,
  error: string | undefined,
): Promise<never> {
  await change({ do: 'uninstall' });
  const reason = `Ghost did not come up with the adapter${error ? `: ${error}` : ''}`;
  if (!restartCommand) {
    throw new Failure(
      `${reason}\n  Its configuration is as it was before.`,
      `Restart Ghost now: it runs from the disk again. Then look at its log: ${logLine(site)}`,
    );
  }
  const again = await restart(terminal, restartCommand);
  const found = await terminal.step('Waiting for Ghost on the disk', () =>
    waitForBlog(site, cdnUrl, (state) => state === 'disk', { seconds: BOOT_SECONDS, signal: terminal.signal }),
  );
  throw found.state === 'disk'
    ? new Failure(
        `${reason}\n  Its configuration is as it was before, and it runs from the disk again.`,
        `Look at its log (${logLine(site)}), fix the problem, and run the same command again.`,
      )
    : new Failure(
        `${reason}\n  Its configuration is as it was before, but it still does not answer (${again ?? found.answer}).`,
        `Start it: ${restartCommand.text}. If it does not start, the cause is something else. Look at its log: ${logLine(site)}`,
      );
}
