import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import type { StorageSettings } from '../../ghost-site/config';
import { writeGhostConfig } from '../../ghost-site/config-file';
import type { GhostConfigBlock } from '../../ghost-site/edit-config';
import { findGhostSite, type GhostSite, type GhostSiteOptions } from '../../ghost-site/site';
import { Failure, Interruption } from '../../shell/failure';
import { isRoot } from '../../shell/owner-rights';
import { wayTo } from '../../shell/path-owners';
import type { Terminal } from '../../shell/terminal';
import { adapterPlace } from '../install/adapter-place';
import { carryOutInstall } from '../install/install';
import { planInstall } from '../install/plan';
import { carryOutUninstall, planUninstall, restoreConfig } from '../install/uninstall';
import { copyBack } from './copy-back';
import { proxyVariables } from './proxy-variables';
import { assertSameGhost, placesFor } from './same-ghost';

/**
 * A change of Ghost's files: the options of the adapter; the adapter itself and the settings that make Ghost use it;
 * the configuration from before the adapter, with the adapter's folder left for a running Ghost; the same without that
 * folder; or the files from the bucket. `storage` names the bucket when Ghost's configuration may no longer do so, and
 * `isUnused` says that Ghost does not use the bucket, or no longer does.
 */
export type Change =
  | { do: 'write'; block: GhostConfigBlock }
  | { do: 'install' }
  | { do: 'restore' }
  | { do: 'uninstall' }
  | { do: 'copy-back'; storage?: StorageSettings; isUnused?: boolean };

/**
 * Carries out a change with the rights of this process.
 *
 * @param options where Ghost is; its files are read again, since an earlier change may have changed them
 * @throws Failure as the commands `provision --write-config` and `install` do
 */
export async function carryOut(terminal: Terminal, options: GhostSiteOptions, change: Change): Promise<void> {
  const site = findGhostSite(options);
  if (change.do === 'write') {
    writeGhostConfig(site.settings, change.block);
  } else if (change.do === 'install') {
    carryOutInstall(terminal, planInstall(site, options));
  } else if (change.do === 'restore') {
    restoreConfig(site, options);
  } else if (change.do === 'uninstall') {
    carryOutUninstall(terminal, planUninstall(site, options));
  } else {
    const { storage, isUnused = false } = change;
    const config = storage ? { ...site.config, adapters: undefined, storage } : site.config;
    await copyBack(terminal, { ...site, config }, options, isUnused);
  }
}

/**
 * Returns the function that carries out changes for a site, in this process or with sudo where this process may not
 * write.
 *
 * @throws Failure where sudo would find another Ghost
 */
export function changerOf(
  terminal: Terminal,
  site: GhostSite,
  options: GhostSiteOptions,
): (change: Change) => Promise<void> {
  if (!canChange(site)) {
    assertSameGhost(site, options);
  }
  return (change) =>
    (change.do === 'restore' ? canChangeConfig(site) : canChange(site))
      ? carryOut(terminal, options, change)
      : carryOutAsRoot(terminal, site, options, change);
}

/** Returns whether this process can write Ghost's configuration and the adapter, wherever that is. */
export function canChange(site: GhostSite): boolean {
  return isRoot() || (canChangeConfig(site) && canWriteAdapter(site));
}

function canWriteAdapter(site: GhostSite): boolean {
  try {
    return isWritable(wayTo(path.dirname(adapterPlace(site).folder)).end.path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') {
      return false;
    }
    throw error;
  }
}

const canChangeConfig = ({ configFile }: GhostSite): boolean =>
  isRoot() || [...(existsSync(configFile) ? [configFile] : []), path.dirname(configFile)].every(isWritable);

function isWritable(place: string): boolean {
  try {
    accessSync(place, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Carries out a change as root with sudo, which asks for the password on the terminal. The change is sent through a
 * pipe, since other users can see the parameters of a process.
 *
 * @throws Failure when it did not succeed; the reason is on the terminal
 */
async function carryOutAsRoot(
  terminal: Terminal,
  site: GhostSite,
  options: GhostSiteOptions,
  change: Change,
): Promise<void> {
  const parameters = [process.execPath, process.argv[1] ?? '', 'setup-as-root', ...placesFor(site, options)];
  const child = spawn('sudo', ['--', ...parameters], { stdio: ['pipe', 'inherit', 'inherit'] });
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify(change.do === 'copy-back' ? { ...change, proxy: proxyVariables() } : change));
  const [code] = (await once(child, 'exit').catch((error: unknown) => {
    throw new Failure(
      `sudo cannot be started (${(error as Error).message}).`,
      "Run the command as a user who can write Ghost's configuration and content folder.",
    );
  })) as [number | null];
  if (code !== 0 && terminal.signal.aborted) {
    throw new Interruption('Stopped. Run the same command again to continue.');
  }
  if (code !== 0) {
    throw new Failure(
      'The change as root failed. The reason is shown above.',
      'Fix the problem, and run the same command again to continue.',
    );
  }
}
