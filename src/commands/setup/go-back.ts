import { storageOf, type StorageSettings } from '../../ghost-site/config';
import { logLine } from '../../ghost-site/restart';
import { findGhostSite, type GhostSite } from '../../ghost-site/site';
import { siteParameters } from '../../ghost-site/site-parameters';
import { ownCommand } from '../../shell/called-as';
import { Failure } from '../../shell/failure';
import { type BlogState, waitForBlog } from './blog';
import { copyBackCommand } from './copy-back';
import { lastErrorOf } from './ghost-log';
import type { Switchable } from './journey';
import type { SetupOptions } from './options';
import { BOOT_SECONDS, restart, restartAdvice } from './restart';

/** A Ghost that did not come up with the adapter. */
export interface Broken {
  /** For the end of a sentence: `503`, `"ghost restart" ended with 1` */
  answer: string;
  /** When it was restarted (milliseconds). */
  since: number;
  /** Whether Ghost may have stored files in the bucket, which are not on the disk. */
  mayHaveUploads: boolean;
}

/**
 * Restores Ghost's configuration, makes Ghost run from the disk again, and only then copies the files that are only in
 * the bucket, which can take a long time.
 *
 * @throws Failure with the state of Ghost, always
 */
export async function goBack(switchable: Switchable, broken: Broken): Promise<never> {
  const { terminal, site, restartCommand, options, change } = switchable;
  terminal.warn(`Ghost did not come up (${broken.answer}). Going back to the disk.`);
  // The configuration from before the adapter may not have it.
  const storage = broken.mayHaveUploads ? storageInUse(options) : undefined;
  const problem = await problemOf(() => change({ do: 'restore' }));
  const failure = restartCommand && (await restart(terminal, restartCommand));
  const isUp = (state: BlogState['state']) => state === 'disk' || (problem !== undefined && state === 'cdn');
  const found =
    restartCommand && (await waitForBlog(switchable, 'Waiting for Ghost on the disk', isUp, { seconds: BOOT_SECONDS }));
  if (problem === undefined) {
    await copyUploadsBack(switchable, storage);
    // Another Ghost may still run with it, or start with it.
    if (found?.state === 'disk') {
      await removeAdapterFolder(switchable);
    }
  }
  const error = lastErrorOf(site, broken.since);
  const reason = `Ghost did not come up with the adapter${error ? `: ${error}` : ''}`;
  throw problem === undefined
    ? configurationIsBack(switchable, reason, found, failure)
    : configurationIsNotBack(switchable, reason, found, problem);
}

function storageInUse(options: SetupOptions): StorageSettings | undefined {
  try {
    return storageOf(findGhostSite(options).config);
  } catch {
    // Then the configuration cannot be restored either, and that error names the problem.
    return undefined;
  }
}

async function problemOf(run: () => Promise<void>): Promise<Error | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Copies the files that Ghost has stored in the bucket to the disk, unless the user wants to stop. */
async function copyUploadsBack(
  { terminal, site, change }: Switchable,
  storage: StorageSettings | undefined,
): Promise<void> {
  if (storage === undefined) {
    return;
  }
  const isStopped = terminal.signal.aborted;
  const problem = isStopped ? undefined : await problemOf(() => change({ do: 'copy-back', storage, isUnused: true }));
  if (isStopped || problem) {
    terminal.warn(
      `${problem ? `${problem.message}\n  ` : ''}Files that are only in the bucket stay there. To copy them later: ${copyBackCommand(site)}`,
    );
  }
}

/** Removes the adapter's folder, which nothing uses any more. */
export async function removeAdapterFolder({
  terminal,
  site,
  change,
}: Pick<Switchable, 'terminal' | 'site' | 'change'>): Promise<void> {
  const problem = await problemOf(() => change({ do: 'uninstall' }));
  if (problem) {
    terminal.warn(
      `The adapter's folder could not be removed. It has no effect. ${problem.message}\n  To remove it later: ${uninstallCommand(site)}`,
    );
  }
}

const uninstallCommand = (site: GhostSite): string =>
  ownCommand(`install --uninstall${siteParameters(site)}`, { writes: [site.configFile, site.contentPath] });

function configurationIsBack(
  switchable: Switchable,
  reason: string,
  found: BlogState | undefined,
  failure: string | undefined,
): Failure {
  const { site, restartCommand } = switchable;
  const isBack = `${reason}\n  Its configuration is as it was before`;
  const log = `Look at its log: ${logLine(site)}`;
  const rest = `After that, copy what was uploaded in the meantime and remove the adapter: ${undoCommand(site)}`;
  if (!restartCommand || !found) {
    return new Failure(`${isBack}.`, `${restartAdvice(switchable)}\nIt then runs from the disk again. ${rest}\n${log}`);
  }
  switch (found.state) {
    case 'disk':
      return new Failure(
        `${isBack}, and it runs from the disk again.`,
        `Look at its log (${logLine(site)}), fix the problem, and run the same command again.`,
      );
    case 'cdn':
      return new Failure(
        `${isBack}, but Ghost came up late, and runs with the adapter until it is restarted${failure ? ` (${failure})` : ''}.`,
        `${restartAdvice(switchable)}\nIt then runs from the disk again. ${rest}`,
      );
    case 'down':
      return new Failure(
        `${isBack}, but it still does not answer (${failure ?? found.answer}).`,
        `Start it: ${restartCommand.text}. If it does not start, the cause is something else. ${log}\n${rest}`,
      );
  }
}

const undoCommand = (site: GhostSite): string => ownCommand(`setup --undo${siteParameters(site)}`);

function configurationIsNotBack(
  switchable: Switchable,
  reason: string,
  found: BlogState | undefined,
  problem: Error,
): Failure {
  const { site } = switchable;
  const state = found && found.state !== 'down' ? 'Ghost answers now' : 'Ghost is down';
  const cure = problem instanceof Failure ? `${problem.cure}\n` : '';
  return new Failure(
    `${state}, and its configuration still uses the adapter, which could not be removed: ${problem.message}\n  ${reason}`,
    `${cure}Remove the adapter: ${uninstallCommand(site)}\n${restartAdvice(switchable)}\nIt then runs from the disk.`,
  );
}
