import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { userInfo } from 'node:os';
import path from 'node:path';
import { homeOfUser } from '../../ghost-site/compose/home';
import {
  restartLine,
  restartOf as restartOfSite,
  unknownVariables,
  UNKNOWN_RESTART,
  whyNotAsRoot,
} from '../../ghost-site/restart';
import type { GhostSite } from '../../ghost-site/site';
import { isRoot } from '../../shell/owner-rights';
import type { Terminal } from '../../shell/terminal';
import { withoutCredentials } from './credentials';
import type { SetupOptions } from './options';

/** How long (s) Ghost may take to answer after a restart. */
export const BOOT_SECONDS = 60;

/** How long (s) to wait for a restart that the user makes. */
export const PATIENCE_SECONDS = 15 * 60;

/** How long (ms) a restart may take. Ghost-CLI waits a minute and a half for Ghost. */
const RESTART_LIMIT_MS = 180_000;

/** A command that restarts Ghost. */
export interface RestartCommand {
  /** The program and its parameters. */
  command: string[];
  /** The working directory. */
  cwd: string;
  /** The command as the user would type it. */
  text: string;
  /** The environment from when this command was found, since setup changes its own for its tests. */
  environment: NodeJS.ProcessEnv;
}

/** Returns how to restart Ghost: with the user's command, or as it was installed; undefined when that is unknown. */
export function restartOf(site: GhostSite, { restart: given }: SetupOptions): RestartCommand | undefined {
  if (given !== undefined) {
    return { command: ['sh', '-c', given], cwd: site.folder, text: given, environment: { ...process.env } };
  }
  const found = restartOfSite(site);
  if (!found) {
    return undefined;
  }
  const { command, cwd, as } = found;
  const sudo = as === 'self' ? [] : as === 'root' ? ['sudo', '--'] : ['sudo', '-u', `#${as.uid}`, '--'];
  const environment = command[0] === 'docker' ? environmentOfDocker(cwd) : withoutCredentials();
  return { command: [...sudo, ...command], cwd, text: restartLine(site), environment };
}

/**
 * Returns Docker's environment. A Compose file may pass its variables on, and use the folders as the user's shell names
 * them.
 */
function environmentOfDocker(cwd: string): NodeJS.ProcessEnv {
  const environment = { ...process.env, PWD: cwd, HOME: homeOfUser(process.env) };
  // Docker runs the plugins that it finds there, below HOME unless it is named.
  const own = path.join(userInfo().homedir, '.docker');
  return isRoot() ? { ...environment, DOCKER_CONFIG: process.env.DOCKER_CONFIG || own } : environment;
}

/** Returns the advice to restart Ghost: `Restart Ghost: cd /var/www/ghost && ghost restart` */
export function restartAdvice({ site, restartCommand }: { site: GhostSite; restartCommand?: RestartCommand }): string {
  const line = restartCommand?.text ?? restartLine(site);
  return line === UNKNOWN_RESTART ? 'Restart Ghost the way you usually do.' : `Restart Ghost: ${line}`;
}

/** Asks the user to restart Ghost, where this process cannot, or must not. */
export function askForRestart(terminal: Terminal, site: GhostSite): void {
  const reason = whyNotAsRoot(site);
  const unknown = unknownVariables(site);
  if (site.compose && unknown.length > 0) {
    terminal.warn(
      `setup does not start the service ${site.compose.name} by itself, because ${unknown.join(', ')} in ${site.compose.composeFile} or its env files would be empty.`,
    );
    terminal.say(
      `Start it now the way you usually do, so that its container is created again (up -d --force-recreate). This command waits for it.\nIf you want setup to run the command next time: --restart 'docker compose --env-file FILE up -d --force-recreate ${site.compose.name}'`,
    );
  } else if (reason === undefined) {
    terminal.say(`${restartAdvice({ site })}\nThis command waits for it.`);
  } else {
    terminal.warn(`setup does not run Docker as root here: ${reason.replace(/\.$/, '')}.`);
    terminal.say(
      `Restart Ghost yourself now, as a user that you allow to run Docker: ${restartLine(site)}\nThis command waits for it.`,
    );
  }
}

/**
 * Restarts Ghost. The command may ask for a password on the terminal.
 *
 * @returns undefined when it succeeded; otherwise the reason, for the end of a sentence
 */
export async function restart(
  terminal: Terminal,
  { command, cwd, text, environment }: RestartCommand,
): Promise<string | undefined> {
  terminal.say(`$ ${text}`);
  const [program = '', ...parameters] = command;
  const child = spawn(program, parameters, { cwd, env: environment, stdio: 'inherit', timeout: RESTART_LIMIT_MS });
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return code === 0 ? undefined : `"${text}" ended with ${code ?? signal}`;
  } catch (error) {
    return (error as Error).message;
  }
}
