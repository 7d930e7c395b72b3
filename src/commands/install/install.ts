import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  adapterFolder,
  installedVersion,
  isInstalled,
  ownVersion,
  putAdapter,
  type Replaced,
  takeAway,
} from './adapter-folder';
import { configDiff } from './config-diff';
import { type ConfigOptions, planConfigChange } from './config-change';
import { restoredConfig, usesAdapter } from './config-restore';
import { checkThatGhostLoads, nodeOfGhost } from './load-check';
import { printed } from './print';
import { quoted } from '../../shell/text';
import {
  checkConfigFile,
  checkNodeVersion,
  checkPermissions,
  checkVolume,
  goesWithContainer,
  type Machine,
  supportedMajor,
} from './preconditions';
import { Declined, Failure } from '../../shell/failure';
import {
  adapterOptionsOf,
  readGhostConfig,
  settingsOfEnvironment,
  storageOf,
  withSettings,
} from '../../ghost-site/config';
import { ADAPTER, FEATURES } from '../../core/features';
import { replaceGhostConfig } from '../../ghost-site/config-file';
import { findGhostSite, type GhostSite, type GhostSiteOptions } from '../../ghost-site/site';
import { openTerminal, type Terminal } from '../../shell/terminal';

export interface InstallOptions extends GhostSiteOptions, ConfigOptions {
  print?: boolean;
  uninstall?: boolean;
  yes?: boolean;
  json?: boolean;
}

/** `install` */
export async function runInstall(options: InstallOptions): Promise<void> {
  const terminal = openTerminal(options);
  if (options.print) {
    print(terminal, options);
  } else if (options.uninstall) {
    await uninstall(terminal, findGhostSite(options), options);
  } else {
    await install(terminal, findGhostSite(options), options);
  }
}

async function install(terminal: Terminal, site: GhostSite, options: InstallOptions): Promise<void> {
  const { configFile, contentPath, codeFolder, version } = site;
  const machine = thisMachine();
  const major = supportedMajor(version);
  const node = nodeOfGhost(site.folder);
  checkNodeVersion(node === process.execPath ? process.version : versionOfNode(node), node);
  checkContent(contentPath);
  const text = textOf(configFile);
  const environment = settingsOfEnvironment(process.env);
  const change = planConfigChange({ text, file: configFile, environment, major }, options);
  const changesConfig = change.settings.length > 0;
  if (changesConfig) {
    checkConfigFile(site, options.config);
  }
  const folder = adapterFolder(site, major);
  const before = installedVersion(folder);
  const copies = !isInstalled(folder);
  const owner = statSync(contentPath);
  if (copies) {
    checkVolume(folder, machine);
    checkPermissions(folder, contentPath, owner);
  }

  tellPlan(terminal, { site, folder, before, copies, major });
  change.notices.forEach((notice) => terminal.warn(notice));
  if (changesConfig) {
    tellConfigChange(terminal, configFile, text, change.text);
    if (goesWithContainer(configFile, machine)) {
      terminal.warn(
        `${configFile} belongs to this container and is gone with it: mount the file, or set the environment (--print).`,
      );
    }
  }
  if ((copies || changesConfig) && !(await terminal.confirm(copies ? 'Install the adapter?' : 'Change the file?'))) {
    throw new Declined();
  }

  const storage = storageOf(change.config);
  const check = {
    node,
    folder,
    contentPath,
    installedAdaptersPath: site.config.paths?.installedAdaptersPath,
    codeFolder,
    major,
    options: FEATURES.map((feature) => adapterOptionsOf(storage, feature)),
    owner,
  };
  const backup = undoing(copies ? putAdapter(folder, owner) : undefined, () => {
    checkThatGhostLoads(check);
    terminal.say(`${terminal.colors.green('✔')} It loads as Ghost loads it.`);
    return changesConfig ? replaceGhostConfig(configFile, change.text) : undefined;
  });

  if (options.json) {
    terminal.result({
      changed: copies || changesConfig,
      adapter: { folder, version: ownVersion(), replacedVersion: copies ? before : undefined },
      configFile,
      backup,
      ghostVersion: version,
    });
  } else {
    tellInstalled(terminal, site, { changed: copies || changesConfig, backup, major });
  }
}

async function uninstall(terminal: Terminal, site: GhostSite, options: InstallOptions): Promise<void> {
  const { configFile } = site;
  const folder = adapterFolder(site, supportedMajor(site.version));
  const isThere = installedVersion(folder) !== undefined;
  const text = textOf(configFile);
  const block = storageOf(site.config)[ADAPTER] as { cdnUrl?: string } | undefined;
  const restored = restoredConfig(configFile, text, block?.cdnUrl);
  const after = restored?.text ?? text;
  const environment = settingsOfEnvironment(process.env);
  if (usesAdapter(withSettings(readGhostConfig(after, configFile), environment))) {
    throw new Failure(
      'The environment still has Ghost use the adapter: storage__active, storage__media or storage__files.',
      'Take these variables out first, and the command again then.',
    );
  }
  if (restored) {
    checkConfigFile(site, options.config);
  }
  if (isThere) {
    checkPermissions(folder, site.contentPath, statSync(site.contentPath));
    terminal.say(`${terminal.colors.red('-')} ${folder}`);
  }
  if (restored) {
    tellConfigChange(terminal, configFile, text, after);
    if (restored.backup) {
      terminal.say(`That is ${restored.backup}, as it was before the adapter.`);
    }
  }
  if ((isThere || restored) && !(await terminal.confirm('Take the adapter out?'))) {
    throw new Declined();
  }
  const backup = undoing(isThere ? takeAway(folder) : undefined, () =>
    restored ? replaceGhostConfig(configFile, after) : undefined,
  );

  if (options.json) {
    terminal.result({ changed: isThere || restored !== undefined, adapter: { folder }, configFile, backup });
  } else if (isThere || restored) {
    tellUninstalled(terminal, site, backup);
  } else {
    terminal.say('Nothing to take out: Ghost does not use the adapter.');
  }
}

function print(terminal: Terminal, options: InstallOptions): void {
  const isNamed = options.ghost !== undefined || options.config !== undefined || options.content !== undefined;
  // A bucket that is named needs no Ghost: what is printed may be for another machine.
  const site = options.bucket === undefined || isNamed ? findGhostSite(options) : undefined;
  const major = supportedMajor(site?.version);
  const file = site?.configFile ?? 'config.production.json';
  // From nothing: what is there already belongs to the block, too.
  const config = site?.config ?? {};
  const { notices, all } = planConfigChange({ text: JSON.stringify(config), file, environment: {}, major }, options);
  const { hasSecrets, ...ways } = printed(all, major);
  notices.forEach((notice) => terminal.warn(notice));
  if (options.json) {
    terminal.result(ways);
    return;
  }
  const section = (title: string, body: string) =>
    terminal.say(`${terminal.colors.bold(title)}\n\n${body.trimEnd()}\n`);
  section(`In ${path.basename(file)}, beside what is there:`, JSON.stringify(ways.config, null, 2));
  section(
    'Or in the environment of Ghost:',
    Object.entries(ways.environment)
      .map(([name, value]) => `${name}=${quoted(value)}`)
      .join('\n'),
  );
  section(
    `Or with Docker Compose, and the folder of the adapter beside compose.yaml:`,
    `mkdir ${ADAPTER} && npm pack ghost-storage-s3-cloudfront && tar -xzf ghost-storage-s3-cloudfront-*.tgz --strip-components=1 -C ${ADAPTER}\n\n${ways.compose}`,
  );
  if (ways.dockerfile) {
    section('Or with an image of your own, and the environment as above:', ways.dockerfile);
  }
  if (hasSecrets) {
    terminal.warn('Secrets are not printed: write them in place of ********.');
  }
  if (major === 5) {
    tellOfGhost5(terminal);
  }
}

/** Does what has to succeed together; where it does not, everything is put back. */
function undoing<T>(replaced: Replaced | undefined, run: () => T): T {
  try {
    const result = run();
    replaced?.finish();
    return result;
  } catch (error) {
    replaced?.undo();
    throw error instanceof Failure
      ? new Failure(error.message, `${error.cure}\nEverything is as it was before the command.`, { cause: error })
      : error;
  }
}

function tellPlan(
  terminal: Terminal,
  plan: { site: GhostSite; folder: string; before?: string; copies: boolean; major?: number },
): void {
  const { site, folder, before, copies, major } = plan;
  terminal.say(`Ghost ${site.version ?? 'of an unknown version'} in ${site.folder}`);
  if (copies) {
    const sign = before === undefined ? terminal.colors.green('+') : terminal.colors.yellow('~');
    terminal.say(`${sign} ${folder}${before === undefined ? '' : ` (${before} → ${ownVersion()})`}`);
  }
  if (major === undefined) {
    terminal.warn("Ghost's own code is not here: Ghost 6 is assumed, and its own check of adapters is left out.");
  }
  const unused = path.join(site.contentPath, 'adapters', 'storage', ADAPTER);
  if (unused !== folder && existsSync(unused)) {
    terminal.warn(`${unused} is not used: paths.installedAdaptersPath comes first. It can be deleted.`);
  }
}

function tellConfigChange(terminal: Terminal, file: string, before: string, after: string): void {
  if (lstatSync(file).isSymbolicLink()) {
    terminal.say(`${file} is a link to ${realpathSync(file)}, which is changed.`);
  }
  configDiff(file, before, after, terminal.colors).forEach((line) => terminal.say(line));
}

function tellInstalled(
  terminal: Terminal,
  site: GhostSite,
  { changed, backup, major }: { changed: boolean; backup?: string; major?: number },
): void {
  terminal.say();
  terminal.say(
    changed
      ? terminal.colors.green(`✔ Ghost will store images, media and files by ${ADAPTER} ${ownVersion()}.`)
      : `Nothing to change: ${ADAPTER} ${ownVersion()} is installed.`,
  );
  if (backup) {
    terminal.say(`As it was before, the configuration is ${backup}.`);
  }
  if (major === 5) {
    tellOfGhost5(terminal);
  }
  const where = `--config ${quoted(site.configFile)}`;
  const migrate = `ghost-storage-s3-cloudfront migrate ${where}`;
  const steps = [
    ...(hasFiles(site.contentPath)
      ? [
          `${migrate}   (brings the files to the bucket; before the restart, or old posts lack them until then)`,
          restart(site),
          `${migrate}   (for what was uploaded meanwhile)`,
        ]
      : [restart(site)]),
    `ghost-storage-s3-cloudfront doctor ${where}   (proves that it works)`,
  ];
  terminal.say();
  terminal.say('Next:');
  steps.forEach((step) => terminal.say(`  ${step}`));
}

function tellOfGhost5(terminal: Terminal): void {
  terminal.warn(
    'Ghost 5 does not know "urls", so they are left out: new posts hold the full addresses of the CDN, and srcset repeats\n' +
      '  the original. After an update to Ghost 6, run the command again: it adds them.',
  );
}

function tellUninstalled(terminal: Terminal, site: GhostSite, backup: string | undefined): void {
  terminal.say();
  terminal.say(terminal.colors.green('✔ The adapter is taken out. Ghost will store as it did before.'));
  if (backup) {
    terminal.say(`The configuration with the adapter is ${backup}.`);
  }
  terminal.say();
  terminal.say('Next:');
  terminal.say(
    `  ghost-storage-s3-cloudfront migrate --to-local --config ${quoted(backup ?? site.configFile)}   (brings the files back, before the restart)`,
  );
  terminal.say(`  ${restart(site)}`);
  terminal.say(
    'Posts that were written on Ghost 5, or without "urls", hold full addresses of the CDN: keep it as long as they are read.',
  );
}

function restart({ folder }: GhostSite): string {
  if (existsSync(path.join(folder, '.ghost-cli'))) {
    return `cd ${quoted(folder)} && ghost restart`;
  }
  return process.env.GHOST_INSTALL === undefined
    ? 'restart Ghost'
    : 'docker compose restart ghost   (docker compose up -d, where compose.yaml has changed)';
}

const hasFiles = (contentPath: string): boolean =>
  FEATURES.some((feature) => {
    const folder = path.join(contentPath, feature);
    return existsSync(folder) && readdirSync(folder).some((name) => !/^(README.md|\..*|size)$/.test(name));
  });

const textOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

const versionOfNode = (node: string) => execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();

function checkContent(contentPath: string): void {
  if (!existsSync(contentPath)) {
    throw new Failure(
      `There is no content folder ${contentPath}.`,
      'Name it with --content, or run the command on the machine that Ghost runs on.',
    );
  }
}

const thisMachine = (): Machine => ({
  environment: process.env,
  mounts: existsSync('/proc/self/mountinfo') ? readFileSync('/proc/self/mountinfo', 'utf8') : '',
});
