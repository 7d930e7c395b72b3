import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../shell/failure';
import { withRightsOf } from '../shell/owner-rights';
import { ownerOf, wayTo } from '../shell/path-owners';
import { readManifest } from '../shell/paths';
import { type GhostConfig, readGhostConfig, settingsOfEnvironment, withSettings } from './config';
import { textOf } from './config-text';

/** A Ghost on this machine, as far as it was found. */
export interface GhostSite {
  /** The folder with the configuration files, and with Ghost-CLI and Docker also `current` and `content`. */
  folder: string;
  /** The path of `config.production.json`, which may not exist. */
  configFile: string;
  /** The configuration as Ghost sees it: the file, overridden by the environment. */
  config: GhostConfig;
  /** The folder with `images`, `media`, `files` and `adapters`. */
  contentPath: string;
  /** The folder with Ghost's own code, undefined when only the content is here. */
  codeFolder?: string;
  /** Ghost's version, `6.65.0`. */
  version?: string;
}

/** The options that tell a command where Ghost is. */
export interface GhostSiteOptions {
  /** The folder that Ghost-CLI installed into, `/var/www/ghost`. */
  ghost?: string;
  /** Ghost's configuration file. */
  config?: string;
  /** Ghost's content folder. */
  content?: string;
}

/** The folders of Docker's official image, and of Ghost-CLI according to Ghost's guide. */
const USUAL_FOLDERS = ['/var/lib/ghost', '/var/www/ghost'];

/** The oldest Ghost that has everything the adapter needs. */
export const OLDEST_GHOST = '5.130';

/** Returns whether the adapter supports a version of Ghost, `6.65.0`. */
export function isSupported(version: string): boolean {
  return version.localeCompare(OLDEST_GHOST, 'en', { numeric: true }) >= 0;
}

/**
 * Finds Ghost: where the options say, otherwise in the working directory or in the usual folders.
 *
 * @throws Failure when it is not where an option says, or not found
 */
export function findGhostSite(options: GhostSiteOptions, environment: NodeJS.ProcessEnv = process.env): GhostSite {
  const folder = findFolder(options);
  const configFile = path.resolve(
    options.config ?? path.join(folder, `config.${environment.NODE_ENV ?? 'production'}.json`),
  );
  if (options.config !== undefined && !existsSync(configFile)) {
    throw new Failure(
      `--config: there is no file ${configFile}.`,
      "Name Ghost's configuration file, for example /var/www/ghost/config.production.json.",
    );
  }
  const config = withSettings(readGhostConfig(textOf(configFile), configFile), settingsOfEnvironment(environment));
  const codeFolder = findCode(folder);
  const contentPath =
    options.content === undefined
      ? contentPathOf(config.paths?.contentPath ?? 'content', folder, codeFolder)
      : path.resolve(options.content);
  if (options.content !== undefined && !isFolder(contentPath)) {
    throw new Failure(
      `--content: ${contentPath} ${existsSync(contentPath) ? 'is not a folder' : 'does not exist'}.`,
      "Name Ghost's content folder, for example /var/www/ghost/content.",
    );
  }
  return {
    folder,
    configFile,
    config,
    contentPath,
    codeFolder,
    version: codeFolder && manifestOf(codeFolder).version,
  };
}

function findFolder({ ghost, config, content }: GhostSiteOptions): string {
  if (ghost !== undefined) {
    const folder = path.resolve(ghost);
    if (!isGhostFolder(folder)) {
      throw new Failure(
        `--ghost: ${folder} is no folder of Ghost: it has neither "current" nor a config.production.json.`,
        'Name the folder that Ghost was installed into, for example /var/www/ghost.',
      );
    }
    return folder;
  }
  const inside = config ?? content;
  if (inside !== undefined) {
    return path.dirname(path.resolve(inside));
  }
  const found = [process.cwd(), ...USUAL_FOLDERS].find(isGhostFolder);
  if (!found) {
    throw new Failure(
      'Ghost was not found here, nor where it usually is.',
      'Run the command in the folder of Ghost, or name it: --ghost /var/www/ghost',
    );
  }
  return found;
}

/** Ghost resolves a relative path with a slash against its code, and any other against the folder it was started in. */
function contentPathOf(configured: string, folder: string, codeFolder: string = folder): string {
  return path.resolve(/[/\\]/.test(configured) || configured === '.' ? codeFolder : folder, configured);
}

/** Returns whether a path is a folder, or a link to one. */
export const isFolder = (place: string): boolean => statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;

const isGhostFolder = (folder: string) =>
  ['.ghost-cli', 'current', 'config.production.json'].some((name) => existsSync(path.join(folder, name)));

/** Ghost-CLI links `current` to the version that runs; a checkout of Ghost has the code itself. */
function findCode(folder: string): string | undefined {
  return [path.join(folder, 'current'), folder]
    .filter((candidate) => existsSync(path.join(candidate, 'package.json')))
    .map((candidate) => realpathSync(candidate))
    .find((candidate) => manifestOf(candidate).name === 'ghost');
}

/** Reads a package.json with the rights of a user who could replace it. */
const manifestOf = (folder: string) => withRightsOf(ownerOf(wayTo(folder)), () => readManifest(folder));
