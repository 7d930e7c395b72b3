import { ADAPTER, FEATURES } from '../../core/features';
import { adapterOptionsOf, storageOf } from '../../ghost-site/config';
import { replaceGhostConfig } from '../../ghost-site/config-file';
import { ADAPTER_IN_CONTENT, featureFolder, knownInContent } from '../../ghost-site/content-place';
import { restartLine } from '../../ghost-site/restart';
import { type GhostSite, warningOfUntested } from '../../ghost-site/site';
import { siteParameters } from '../../ghost-site/site-parameters';
import { ownCommand } from '../../shell/called-as';
import { Declined, Failure } from '../../shell/failure';
import { type Owner, withRightsOf } from '../../shell/owner-rights';
import { ownManifest } from '../../shell/paths';
import { someNamesIn } from '../../shell/read-file';
import type { Terminal } from '../../shell/terminal';
import { putAdapter, undoOnFailure } from './adapter-folder';
import { installedAdaptersPath } from './adapter-place';
import { type BucketState, lookAtBucket } from './bucket-check';
import type { ConfigOptions } from './config-change';
import { assertThatGhostLoads } from './load-check';
import { type InstallPlan, planInstall, showPlan } from './plan';
import { showNextSteps, warnOfGhost5 } from './say';

/** The result of an installation, which `--json` prints. */
export interface Installed {
  changed: boolean;
  adapter: { folder: string; version: string; replacedVersion?: string };
  configFile: string;
  /** The path of the former configuration, undefined when the file was not changed. */
  backup?: string;
  ghostVersion?: string;
}

/** The options of `install`. */
export interface InstallOptions extends ConfigOptions {
  /** The configuration file that the user named. */
  config?: string;
  /** The content folder that the user named. */
  content?: string;
  /** Change Ghost without checking the bucket first. */
  skipCheck?: boolean;
  yes?: boolean;
  json?: boolean;
}

/**
 * `install`: copies the adapter into its folder and writes Ghost's configuration, after the user has agreed.
 *
 * @throws Failure when the installation is not possible or Ghost could not load the adapter, and with `yes` when Ghost
 *   could not use the bucket; Declined when the user says no
 */
export async function install(terminal: Terminal, site: GhostSite, options: InstallOptions): Promise<void> {
  const plan = planInstall(site, options);
  const untested = warningOfUntested(site.version);
  if (untested !== undefined) {
    terminal.warn(untested);
  }
  showPlan(terminal, plan);
  const bucket = options.skipCheck ? undefined : await lookAtBucket(terminal, plan.config.configs, site, plan.user);
  if (plan.copies || plan.changesConfig) {
    await agree(terminal, plan, bucket, options.yes ?? false);
  } else if (bucket?.failure) {
    terminal.warn(`${bucket.failure.message}\n  ${bucket.failure.cure}`);
  }
  const installed = carryOutInstall(terminal, plan);
  if (options.json) {
    terminal.result(installed);
  } else {
    showInstalled(terminal, plan, installed, bucket);
  }
}

/** Asks for consent, and shows what is known about the bucket. */
async function agree(
  terminal: Terminal,
  { site, user, copies }: InstallPlan,
  bucket: BucketState | undefined,
  yes: boolean,
): Promise<void> {
  const { failure, isEmpty, warning } = bucket ?? {};
  if (failure && yes) {
    throw new Failure(
      `${failure.message} Nothing was changed.`,
      `${failure.cure}\nTo install without this check, for example while an image is built: --skip-check`,
      { cause: failure },
    );
  }
  if (failure) {
    terminal.warn(`${failure.message}\n  ${failure.cure.replaceAll('\n', '\n  ')}`);
  }
  if (isEmpty && hasFiles(site, user)) {
    terminal.warn(`The bucket has no files of this blog yet. Before you restart Ghost: ${migrateCommand(site)}`);
  }
  if (warning !== undefined) {
    terminal.warn(warning);
  }
  const question = copies ? 'Install the adapter?' : 'Change the file?';
  if (!(await terminal.confirm(failure ? `Ghost could not store files right now. ${question}` : question))) {
    throw new Declined();
  }
}

/**
 * Carries out a plan to which the user has agreed: copies the adapter, loads it as Ghost would, and then writes the
 * configuration. Ghost uses it from its next start.
 *
 * @throws Failure when Ghost could not load the adapter; the changes are undone then
 */
export function carryOutInstall(terminal: Terminal, plan: InstallPlan): Installed {
  const { site, major, node, user, place, before, copies, config, text, changesConfig } = plan;
  const { contentPath, codeFolder, configFile } = site;
  const storage = storageOf(config.config);
  const checkAndWrite = () => {
    if (node !== undefined) {
      assertThatGhostLoads({
        node,
        user,
        folder: place.folder,
        contentPath,
        inContent: knownInContent(site, ADAPTER_IN_CONTENT),
        installedAdaptersPath: installedAdaptersPath(site),
        codeFolder,
        major,
        options: FEATURES.map((feature) => adapterOptionsOf(storage, feature)),
      });
    }
    sayWhatLoaded(terminal, site, node);
    return changesConfig ? replaceGhostConfig(site.settings, config.text, text) : undefined;
  };
  const backup = undoOnFailure(copies ? putAdapter(place) : undefined, checkAndWrite, (text) => terminal.warn(text));
  return {
    changed: copies || changesConfig,
    adapter: { folder: place.folder, version: ownManifest().version, replacedVersion: copies ? before : undefined },
    configFile,
    backup,
    ghostVersion: site.version,
  };
}

function sayWhatLoaded(terminal: Terminal, { compose }: GhostSite, node: string | undefined): void {
  const { colors } = terminal;
  if (!compose) {
    terminal.say(`${colors.green('✔')} The adapter loads as Ghost loads it.`);
  } else if (node === undefined) {
    terminal.warn(
      'The command could not test the adapter: its owner cannot run any Node on this machine. Ghost has its own.',
    );
  } else {
    terminal.say(
      `${colors.green('✔')} The adapter loads with these options. The test used the Node of this machine, since Ghost's own code is in its container.`,
    );
  }
}

function showInstalled(
  terminal: Terminal,
  { site, user, major }: InstallPlan,
  { changed, backup, adapter: { version } }: Installed,
  bucket: BucketState | undefined,
): void {
  terminal.say();
  terminal.say(
    changed
      ? terminal.colors.green(`✔ Ghost will store images, media and files with ${ADAPTER} ${version}.`)
      : `Nothing to change: ${ADAPTER} ${version} is installed.`,
  );
  if (backup) {
    terminal.say(`Your previous configuration is saved as ${backup}.`);
  }
  if (major === 5) {
    warnOfGhost5(terminal);
  }
  const isMigrated = bucket !== undefined && !bucket.failure && !bucket.isEmpty;
  const migrate = migrateCommand(site);
  const doctor = ownCommand(`doctor${siteParameters(site)}`, { reads: [site.configFile] });
  const isMoving = hasFiles(site, user);
  showNextSteps(terminal, [
    ...(isMoving && !isMigrated ? [`${migrate}   (before the restart: copies the existing files to the bucket)`] : []),
    restartLine(site),
    ...(isMoving ? [`${migrate}   (copies what was uploaded in the meantime)`] : []),
    `${doctor}   (checks that everything works)`,
  ]);
}

const migrateCommand = (site: GhostSite): string =>
  ownCommand(`migrate${siteParameters(site)}`, { reads: [site.configFile, site.contentPath] });

/** Returns whether there may be files to migrate, also in a folder that only Docker can reach. */
function hasFiles(site: GhostSite, user: Owner): boolean {
  try {
    const folders = FEATURES.map((feature) => featureFolder(site, feature));
    return withRightsOf(user, () =>
      folders.some((folder) => someNamesIn(folder).some((name) => !/^(README.md|\..*|size)$/.test(name))),
    );
  } catch (error) {
    if (error instanceof Failure) {
      return true;
    }
    throw error;
  }
}
