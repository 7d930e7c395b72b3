import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { isRoot, type Owner } from '../shell/owner-rights';
import { belongsToRoot, ownerOf, wayTo } from '../shell/path-owners';
import { readRegularFile, someNamesIn } from '../shell/read-file';
import { quoted } from '../shell/text';
import { COMPOSE_FILES, readComposeProject } from './compose/compose-file';
import type { GhostSite } from './site';

/** A command that restarts Ghost. */
export interface Restart {
  /** The program and its parameters. */
  command: string[];
  cwd: string;
  /** Who runs it: the user of this process, root, or the user who owns the installation where this process is root. */
  as: 'self' | 'root' | Owner;
}

/** Where systemd keeps the units of an administrator and of packages; Ghost-CLI uses the second. */
const UNIT_FOLDERS = ['/etc/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system'];

/**
 * A restart alone does not read an env file again. A start alone does nothing to a container whose settings are the
 * same, for example after an update of the adapter.
 */
const RECREATE = ['up', '-d', '--force-recreate'];

/** The largest unit or Compose file (bytes) that is read. */
const LARGEST = 1_000_000;

/**
 * Finds out how an installation of Ghost is restarted: with Ghost-CLI, which refuses root, with systemd, or with Docker
 * Compose, which then also applies a changed environment.
 *
 * @param unitFolders of systemd
 * @returns undefined when it is not known, as inside a container, and when this process may not do it, or not in the
 *   same way as the user
 */
export function restartOf(site: Restartable, unitFolders = UNIT_FOLDERS): Restart | undefined {
  const isSafe = whyNotAsRoot(site, unitFolders) === undefined && unknownVariables(site).length === 0;
  return isSafe ? knownRestart(site, unitFolders) : undefined;
}

/**
 * Returns the variables that are set only by the way in which the user runs Docker Compose, for example with
 * `--env-file`. Any other way would recreate Ghost's container without their values.
 */
export const unknownVariables = ({ compose, settings }: Restartable): string[] =>
  settings?.format === 'json' ? [] : (compose?.unsetVariables ?? []);

/**
 * Returns why root does not restart Ghost with Docker Compose: a user who can write one of its files would get the
 * rights of root from Docker, which can mount any folder of the machine into a container.
 *
 * @returns undefined when it is safe, and when Ghost is restarted in another way
 */
export function whyNotAsRoot(site: Restartable, unitFolders = UNIT_FOLDERS): string | undefined {
  if (!isRoot() || knownRestart(site, unitFolders)?.command[0] !== 'docker') {
    return undefined;
  }
  try {
    const { base, files, services, including } = readComposeProject(site.folder, process.env);
    const parts = [...services.values()].flat();
    const borrower = including[0] ?? parts.find(({ values }) => values.extends !== undefined)?.file;
    const dotEnvs = [site.folder, base].map((folder) => path.join(folder, '.env'));
    const named = [...files, ...dotEnvs, ...(site.compose?.envFiles ?? [])];
    const shared = named.find((file) => !belongsToRoot(wayTo(file)));
    return shared === undefined
      ? borrower && `${borrower} includes parts of other files`
      : `other users can write ${shared}`;
  } catch (error) {
    return (error as Error).message;
  }
}

type Restartable = Pick<GhostSite, 'folder'> & Partial<GhostSite>;

function knownRestart({ folder, compose, settings }: Restartable, unitFolders = UNIT_FOLDERS): Restart | undefined {
  if (compose) {
    const step = settings?.format === 'json' ? ['restart'] : RECREATE;
    return { command: ['docker', 'compose', ...step, compose.name], cwd: folder, as: 'self' };
  }
  if (existsSync(path.join(folder, '.ghost-cli'))) {
    const owner = ownerOf(wayTo(folder));
    return { command: ['ghost', 'restart'], cwd: folder, as: isRoot() && owner.uid !== 0 ? owner : 'self' };
  }
  const unit = unitOf(folder, unitFolders);
  if (unit !== undefined) {
    return { command: ['systemctl', 'restart', unit], cwd: folder, as: isRoot() ? 'self' : 'root' };
  }
  return COMPOSE_FILES.some((name) => hasGhostService(path.join(folder, name)))
    ? { command: ['docker', 'compose', ...RECREATE, 'ghost'], cwd: folder, as: 'self' }
    : undefined;
}

/** What `restartLine` returns where no command is known. */
export const UNKNOWN_RESTART = 'restart Ghost';

/** Returns how to restart Ghost, as a line to copy where the command is known. */
export function restartLine(site: Restartable): string {
  const restart = knownRestart(site);
  if (restart) {
    const { command, cwd, as } = restart;
    const line = `${as === 'root' ? 'sudo ' : ''}${command.map(quoted).join(' ')}`;
    const unknown = unknownVariables(site);
    const remark = unknown.length === 0 ? '' : `   (as you usually start it, with values for ${unknown.join(', ')})`;
    return command[0] === 'systemctl' ? line : `${inFolder(cwd, line)}${remark}`;
  }
  return process.env.GHOST_INSTALL === undefined
    ? UNKNOWN_RESTART
    : 'docker compose restart ghost   (docker compose up -d if compose.yaml has changed)';
}

/** Returns how to see Ghost's log, as a line to copy where the command is known. */
export function logLine(
  { folder, compose }: Pick<GhostSite, 'folder' | 'compose'>,
  unitFolders = UNIT_FOLDERS,
): string {
  if (compose) {
    return inFolder(folder, `docker compose logs ${quoted(compose.name)}`);
  }
  if (existsSync(path.join(folder, '.ghost-cli'))) {
    return inFolder(folder, 'ghost log');
  }
  const unit = unitOf(folder, unitFolders);
  if (unit !== undefined) {
    return `${isRoot() ? '' : 'sudo '}journalctl -u ${quoted(unit)}`;
  }
  if (COMPOSE_FILES.some((name) => hasGhostService(path.join(folder, name)))) {
    return inFolder(folder, 'docker compose logs ghost');
  }
  return process.env.GHOST_INSTALL === undefined ? "the output of Ghost's process" : 'docker compose logs ghost';
}

/** Returns a line to copy that runs in a folder. */
const inFolder = (folder: string, line: string): string =>
  realpathSync(folder) === realpathSync(process.cwd()) ? line : `cd ${quoted(folder)} && ${line}`;

/** Returns the unit that starts Ghost in a folder, `ghost_blog-example-com`. */
function unitOf(folder: string, unitFolders: readonly string[]): string | undefined {
  const files = unitFolders.flatMap((place) =>
    someNamesIn(place)
      .filter((name) => /^ghost.*\.service$/.test(name))
      .map((name) => path.join(place, name)),
  );
  const unit = files.find((file) => {
    const [, started = ''] = /^\s*WorkingDirectory\s*=\s*(.*?)\s*$/m.exec(textOrNothing(file)) ?? [];
    return started !== '' && existsSync(started) && realpathSync(started) === realpathSync(folder);
  });
  return unit && path.basename(unit, '.service');
}

function hasGhostService(file: string): boolean {
  try {
    const { services } = parse(textOrNothing(file)) as { services?: { ghost?: unknown } };
    return services?.ghost !== undefined;
  } catch {
    // Docker Compose reports the problem.
    return false;
  }
}

function textOrNothing(file: string): string {
  try {
    return readRegularFile(file, LARGEST).bytes.toString('utf8');
  } catch {
    return '';
  }
}
