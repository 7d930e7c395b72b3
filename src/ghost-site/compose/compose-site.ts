import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../../shell/failure';
import { settingsOfEnvironment } from '../config';
import { jsonSettings, type SettingsFile } from '../settings-file';
import type { GhostSite, GhostSiteOptions } from '../site';
import { envFileFor } from './choose-service';
import { ComposeGhost } from './compose-ghost';
import { envSettings } from './env-settings';
import { refuseForeignSettings } from './writer';

/**
 * Finds the Ghost of Docker Compose that the options mean. There is none in the folder of a Ghost of Ghost-CLI, or
 * where another configuration file is named.
 */
export function composeGhostIn(
  folder: string,
  { config, content }: GhostSiteOptions,
  environment: NodeJS.ProcessEnv,
): ComposeGhost | undefined {
  if (['.ghost-cli', 'current'].some((name) => existsSync(path.join(folder, name)))) {
    return undefined;
  }
  if (config !== undefined) {
    const named = { config: path.resolve(config), content: content && path.resolve(content) };
    const find = () => ComposeGhost.find(folder, environment, named);
    // Any other file is an env file, whose Ghost has to be found.
    const ghost = /\.json(\.|$)/.test(config) ? withoutFailure(find) : find();
    return ghost && envFileFor(ghost.envFiles, named.config) !== undefined ? ghost : undefined;
  }
  const ghost = ComposeGhost.find(folder, environment, { content: content && path.resolve(content) });
  const isElsewhere = content === undefined && ghost?.toHost(ghost.contentPath) === undefined;
  // A configuration file says where the content is when the Compose file does not.
  return isElsewhere && existsSync(path.join(folder, 'config.production.json')) ? undefined : ghost;
}

/**
 * Returns the settings file that a path names: an env file of a Ghost of Docker Compose, or the folder of such a Ghost;
 * otherwise Ghost's JSON configuration.
 *
 * @param place settings that a site already has are returned: an env file may be in another folder than the Compose file
 */
export function settingsFileAt(
  place: string | SettingsFile,
  environment: NodeJS.ProcessEnv = process.env,
): SettingsFile {
  if (typeof place !== 'string') {
    return place;
  }
  const absolute = path.resolve(place);
  const isFolder = statSync(absolute, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const named = isFolder ? undefined : absolute;
  const compose = composeGhostIn(isFolder ? absolute : path.dirname(absolute), { config: named }, environment);
  return compose ? settingsFileOf(compose, named) : jsonSettings(place);
}

/** Describes a Ghost of Docker Compose. */
export function composeSite(compose: ComposeGhost, { config, content }: GhostSiteOptions): GhostSite {
  const settings = settingsFileOf(compose, config === undefined ? undefined : path.resolve(config));
  const seen = settings.seen(settings.text());
  const { installedAdaptersPath } = seen.paths ?? {};
  const place = installedAdaptersPath && (compose.toHost(installedAdaptersPath) ?? installedAdaptersPath);
  return {
    folder: compose.folder,
    configFile: settings.file,
    config: { ...seen, ...(place !== undefined && { paths: { installedAdaptersPath: place } }) },
    // Commands that only need the settings also work where only Docker can reach the content.
    get contentPath() {
      return content === undefined ? compose.contentOnHost() : path.resolve(content);
    },
    ...compose.version,
    settings,
    compose,
  };
}

/**
 * Returns the file that the settings are written to: a configuration file that is mounted into the container, otherwise the
 * first env file that exists.
 *
 * @param named by the user: an env file, or a backup of one
 * @throws Failure where root would use a file of another user
 */
function settingsFileOf(compose: ComposeGhost, named: string | undefined): SettingsFile {
  if (named !== undefined) {
    return envSettings(compose, envFileFor(compose.envFiles, named), named);
  }
  const json = compose.toHost(`config.${compose.variables().NODE_ENV ?? 'production'}.json`);
  if (json !== undefined && existsSync(json)) {
    refuseForeignSettings(
      compose,
      json,
      'make that user its owner, or let only root write the Compose files and their folder.',
    );
    return jsonSettings(json, () =>
      settingsOfEnvironment(compose.variables(), (file, variable) => compose.secretIn(file, variable)),
    );
  }
  const { envFiles } = compose;
  const file = envFiles.find((name) => existsSync(name)) ?? envFiles[0];
  if (file !== undefined) {
    refuseForeignSettings(compose, file, `set it yourself: --config ${file}`);
  }
  return envSettings(compose, file);
}

function withoutFailure<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof Failure) {
      return undefined;
    }
    throw error;
  }
}
