import { ADAPTER } from '../../core/features';
import { readAdapterConfigs } from '../../ghost-site/adapter-config';
import { isObject, storageOf, usesAdapter } from '../../ghost-site/config';
import type { GhostSite } from '../../ghost-site/site';
import { Declined, Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { askBlog, waitForBlog } from './blog';
import { changerOf } from './change';
import { removedStorage } from '../install/config-restore';
import { sayWhichAddressesStay } from '../install/say';
import { assertUrl } from './fitness';
import type { SetupOptions } from './options';
import { askForRestart, restart, type RestartCommand, restartOf } from './restart';

/** How long (s) Ghost may take to answer after a restart. */
const BOOT_SECONDS = 60;

/** How long (s) to wait for a restart that the user makes. */
const PATIENCE_SECONDS = 15 * 60;

/**
 * Runs `setup --undo`: copies the files back to the disk, removes the adapter, and restarts Ghost. The image server and
 * its bucket stay.
 *
 * @throws Failure when a file could not be copied (nothing is switched then), or Ghost does not answer
 */
export async function undo(terminal: Terminal, site: GhostSite, options: SetupOptions): Promise<void> {
  const hasBlock = isObject(storageOf(site.config)[ADAPTER]);
  // The configuration of before the adapter may not have the block.
  const storage = hasBlock ? storageOf(site.config) : removedStorage(site.configFile);
  const nothing = `${site.configFile} has no block ${ADAPTER}: there is nothing to undo.`;
  if (storage === undefined) {
    terminal.say(nothing);
    return;
  }
  const configs = readAdapterConfigs({ ...site.config, adapters: undefined, storage }, {}, site.configFile);
  const { cdnUrl } = configs.images;
  // After a run that was stopped, Ghost may still run with the former configuration.
  assertUrl(site);
  const isRunning = usesAdapter(site.config) || (await askBlog(site, cdnUrl)).state === 'cdn';
  if (!hasBlock && !isRunning) {
    terminal.say(nothing);
    return;
  }
  terminal.say('This copies all files from the bucket to the disk, removes the adapter and restarts Ghost.');
  terminal.say('The image server and its bucket stay: "provision destroy" deletes them.');
  sayWhichAddressesStay(terminal);
  if (!(await terminal.confirm('Go back to the disk?'))) {
    throw new Declined();
  }
  const change = changerOf(terminal, site, options);
  await change({ do: 'copy-back', storage });
  await change({ do: 'uninstall' });
  if (isRunning) {
    await restartOnDisk(terminal, site, cdnUrl, restartOf(site, options));
    // What was uploaded between the copy and the restart.
    await change({ do: 'copy-back', storage });
  }
  terminal.say();
  terminal.say(terminal.colors.green('✔ Ghost stores its files on the disk again.'));
}

async function restartOnDisk(
  terminal: Terminal,
  site: GhostSite,
  cdnUrl: string,
  restartCommand: RestartCommand | undefined,
): Promise<void> {
  if (!restartCommand) {
    askForRestart(terminal, site);
  }
  const failure = restartCommand && (await restart(terminal, restartCommand));
  const found = await terminal.step('Waiting for Ghost', () =>
    waitForBlog(site, cdnUrl, (state) => state === 'disk', {
      seconds: restartCommand ? BOOT_SECONDS : PATIENCE_SECONDS,
      signal: terminal.signal,
    }),
  );
  if (found.state !== 'disk') {
    throw new Failure(
      `The adapter is removed, but Ghost was not restarted (${failure ?? found.answer}).`,
      'Restart Ghost: it then runs from the disk.',
    );
  }
}
