import { ADAPTER } from '../../core/features';
import { readAdapterConfigs } from '../../ghost-site/adapter-config';
import { isObject, storageOf, type StorageSettings, usesAdapter } from '../../ghost-site/config';
import { logLine } from '../../ghost-site/restart';
import type { GhostSite } from '../../ghost-site/site';
import { Declined, Failure, Interruption } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { askBlog, waitForBlog } from './blog';
import { changerOf } from './change';
import { installedVersion } from '../install/adapter-files';
import { adapterPlace } from '../install/adapter-place';
import { removedConfig } from '../install/config-restore';
import { sayWhichAddressesStay } from '../install/say';
import { assertUrl } from './fitness';
import { removeAdapterFolder } from './go-back';
import type { Switchable } from './journey';
import type { SetupOptions } from './options';
import { askForRestart, BOOT_SECONDS, PATIENCE_SECONDS, restart, restartAdvice, restartOf } from './restart';

/**
 * Runs `setup --undo`: copies the files back to the disk, restores the configuration from before the adapter, restarts
 * Ghost, and removes the adapter. The image server and its bucket stay.
 *
 * @throws Failure when a file could not be copied (Ghost is not changed then), or Ghost does not answer
 */
export async function undo(terminal: Terminal, site: GhostSite, options: SetupOptions): Promise<void> {
  const hasBlock = isObject(storageOf(site.config)[ADAPTER]);
  // The configuration from before the adapter may not have the block.
  const storage = hasBlock ? storageOf(site.config) : removedConfig(site.settings)?.storage;
  const nothing = `${site.configFile} has no block "${ADAPTER}", so there is nothing to undo.`;
  if (storage === undefined) {
    terminal.say(nothing);
    return;
  }
  const configs = readAdapterConfigs({ ...site.config, adapters: undefined, storage }, {}, site.configFile);
  const { cdnUrl } = configs.images;
  // After a run that was stopped, Ghost may still run with the previous configuration.
  assertUrl(site);
  const { state } = await askBlog(site, cdnUrl);
  const isInUse = usesAdapter(site.config) || state === 'cdn';
  // The folder is removed last.
  if (!hasBlock && !isInUse && !isInstalledIn(site)) {
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
  await change({ do: 'copy-back', storage, isUnused: !isInUse });
  await change({ do: 'restore' });
  const switchable = { terminal, site, cdnUrl, restartCommand: restartOf(site, options), options, change };
  if (isInUse || state === 'down') {
    await restartOnDisk(switchable);
    await copyLastUploads(switchable, storage);
  }
  await removeAdapterFolder(switchable);
  terminal.say();
  terminal.say(terminal.colors.green('✔ Ghost stores its files on the disk again.'));
}

function isInstalledIn(site: GhostSite): boolean {
  try {
    return installedVersion(adapterPlace(site)) !== undefined;
  } catch (error) {
    if (error instanceof Failure) {
      // The folder belongs to another program.
      return false;
    }
    throw error;
  }
}

async function restartOnDisk(switchable: Switchable): Promise<void> {
  const { terminal, site, restartCommand } = switchable;
  if (!restartCommand) {
    askForRestart(terminal, site);
  }
  const failure = restartCommand && (await restart(terminal, restartCommand));
  const patience = restartCommand
    ? { seconds: BOOT_SECONDS }
    : { seconds: PATIENCE_SECONDS, downSeconds: BOOT_SECONDS, signal: terminal.signal };
  const found = await waitForBlog(switchable, 'Waiting for Ghost', (state) => state === 'disk', patience);
  if (found.state !== 'disk') {
    const isDown = found.state === 'down';
    throw new Failure(
      `Ghost's configuration is as it was before the adapter, but Ghost ${isDown ? 'does not answer' : 'was not restarted'} (${failure ?? found.answer}).`,
      `${restartAdvice(switchable)}\nIt then runs from the disk. After that, run the same command again to copy what was uploaded in the meantime.${isDown ? `\nIf it does not start, look at its log: ${logLine(site)}` : ''}`,
    );
  }
}

/** Copies what was uploaded between the first copy and the restart. */
async function copyLastUploads({ terminal, change }: Switchable, storage: StorageSettings): Promise<void> {
  const isBack = 'Ghost runs from the disk again';
  if (terminal.signal.aborted) {
    throw new Interruption(
      `Stopped. ${isBack}. Run the same command again to copy what was uploaded before the restart.`,
    );
  }
  try {
    await change({ do: 'copy-back', storage, isUnused: true });
  } catch (error) {
    throw error instanceof Failure
      ? new Failure(
          `${error.message} ${isBack}, but what was uploaded just before its restart may be only in the bucket.`,
          error.cure,
          { cause: error },
        )
      : error;
  }
}
