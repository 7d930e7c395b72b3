import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../shell/failure';
import { withRightsOf } from '../shell/owner-rights';
import { ownerOf, wayTo } from '../shell/path-owners';
import { exists, readManifest } from '../shell/paths';
import { ComposeGhost } from './compose/compose-ghost';
import { composeGhostIn, composeSite } from './compose/compose-site';
import { type GhostConfig, settingsOfEnvironment } from './config';
import { jsonSettings, type SettingsFile } from './settings-file';

/** A Ghost on this machine, as far as it was found. */
export interface GhostSite {
  /** The folder with the configuration files, and with Ghost-CLI and Docker also `current` and `content`. */
  folder: string;
  /** The path of `config.production.json`, or of the container's env file. It may not exist. */
  configFile: string;
  /** The configuration as Ghost sees it: the file, overridden by the environment. `paths` are those of this machine. */
  config: GhostConfig;
  /** The folder with `images`, `media`, `files` and `adapters`. Throws a Failure where only Docker can reach it. */
  contentPath: string;
  /** The folder with Ghost's own code, undefined when only the content is here. */
  codeFolder?: string;
  /** Ghost's version, `6.65.0`. */
  version?: string;
  /** Ghost's major version, which may be known without the rest: `6` of the image `ghost:6-alpine`. */
  major?: number;
  /** The configuration file, or the env file of a container that has none, with the way to change it. */
  settings: SettingsFile;
  /** Set when Ghost runs as a service of Docker Compose. */
  compose?: ComposeGhost;
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

/** The oldest Ghost with everything that the adapter needs. */
export const OLDEST_GHOST = '5.130';

/** The oldest Ghost that looks for adapters where `paths.installedAdaptersPath` says. */
export const OLDEST_WITH_INSTALLED_ADAPTERS = '6.54.1';

/** Returns whether a Ghost has at least a version, by its major version alone where nothing else is known. */
export function isAtLeast({ version, major }: Pick<GhostSite, 'version' | 'major'>, oldest: string): boolean {
  const known = version ?? (major === undefined ? oldest : `${major}.9999`);
  return known.localeCompare(oldest, 'en', { numeric: true }) >= 0;
}

/** The newest major version of Ghost that the adapter is tested with. */
const NEWEST_MAJOR = 6;

/** Returns a warning for a version of Ghost that is newer than those that the adapter is tested with. */
export function warningOfUntested(version: string | undefined): string | undefined {
  return version !== undefined && Number.parseInt(version, 10) > NEWEST_MAJOR
    ? `This is Ghost ${version}. This version of the adapter is tested with Ghost 5 and ${NEWEST_MAJOR} only; a newer one may be available: npm view ghost-storage-s3-cloudfront version`
    : undefined;
}

/**
 * Finds Ghost: where the options say, otherwise in the working directory or in the usual folders.
 *
 * @throws Failure when it is not where an option says, or is not found
 */
export function findGhostSite(options: GhostSiteOptions, environment: NodeJS.ProcessEnv = process.env): GhostSite {
  const folder = findFolder(options, environment);
  const compose = composeGhostIn(folder, options, environment);
  if (compose) {
    return composeSite(compose, options);
  }
  const configFile = path.resolve(
    options.config ?? path.join(folder, `config.${environment.NODE_ENV ?? 'production'}.json`),
  );
  if (options.config !== undefined && !exists(configFile)) {
    throw new Failure(
      `--config: there is no file ${configFile}.`,
      "Name Ghost's configuration file, for example /var/www/ghost/config.production.json.",
    );
  }
  const settings = jsonSettings(configFile, () => settingsOfEnvironment(environment));
  const config = settings.seen(settings.text());
  const codeFolder = findCode(folder);
  const contentPath =
    options.content === undefined
      ? contentPathOf(config.paths?.contentPath ?? 'content', folder, codeFolder)
      : path.resolve(options.content);
  assertNamedContent(options);
  const version = codeFolder && manifestOf(codeFolder).version;
  const major = version === undefined ? undefined : Number.parseInt(version, 10);
  return { folder, configFile, config, contentPath, codeFolder, version, major, settings };
}

function assertNamedContent({ content }: GhostSiteOptions): void {
  if (content !== undefined && !isFolder(path.resolve(content))) {
    throw new Failure(
      `--content: ${path.resolve(content)} ${exists(path.resolve(content)) ? 'is not a folder' : 'does not exist'}.`,
      "Name Ghost's content folder, for example /var/www/ghost/content.",
    );
  }
}

function findFolder({ ghost, config, content }: GhostSiteOptions, environment: NodeJS.ProcessEnv): string {
  const named = { config: config && path.resolve(config), content: content && path.resolve(content) };
  const isSite = (folder: string) =>
    isGhostFolder(folder) || ComposeGhost.find(folder, environment, named) !== undefined;
  if (ghost !== undefined) {
    const folder = path.resolve(ghost);
    if (!isSite(folder)) {
      throw new Failure(
        `--ghost: ${folder} is not a Ghost folder. It has neither "current", nor a config.production.json, nor a Compose file\nwith Ghost as a service.`,
        'Name the folder that Ghost was installed into, for example /var/www/ghost.',
      );
    }
    return folder;
  }
  const inside = config ?? content;
  if (inside !== undefined) {
    return path.dirname(path.resolve(inside));
  }
  // When a Compose file here cannot be read, the command must not use another Ghost.
  composeGhostIn(process.cwd(), {}, environment);
  const { found, closed } = firstOf([process.cwd(), ...USUAL_FOLDERS], isSite);
  if (!found && closed) {
    throw closed;
  }
  if (!found) {
    throw new Failure(
      `Ghost was not found in ${[process.cwd(), ...USUAL_FOLDERS].join(', ')}.`,
      "Run the command in Ghost's folder, or name that folder: --ghost /var/www/ghost",
    );
  }
  return found;
}

/** Returns the first folder that fits, or why one of them could not be read. */
function firstOf(folders: string[], fits: (folder: string) => boolean): { found?: string; closed?: Error } {
  let closed: Error | undefined;
  const found = folders.find((folder) => {
    try {
      return fits(folder);
    } catch (error) {
      closed ??= error as Error;
      return false;
    }
  });
  return { found, closed };
}

/** Ghost resolves a relative path with a slash against its code, and any other against the folder it was started in. */
function contentPathOf(configured: string, folder: string, codeFolder: string = folder): string {
  return path.resolve(/[/\\]/.test(configured) || configured === '.' ? codeFolder : folder, configured);
}

/** Returns whether a path is a folder, or a link to one. */
export const isFolder = (place: string): boolean => exists(place) && statSync(place).isDirectory();

const isGhostFolder = (folder: string) =>
  ['.ghost-cli', 'current', 'config.production.json'].some((name) => exists(path.join(folder, name)));

/** Ghost-CLI links `current` to the version that runs; a checkout of Ghost has the code itself. */
function findCode(folder: string): string | undefined {
  return [path.join(folder, 'current'), folder]
    .filter((candidate) => existsSync(path.join(candidate, 'package.json')))
    .map((candidate) => realpathSync(candidate))
    .find((candidate) => manifestOf(candidate).name === 'ghost');
}

/** Reads a package.json with the rights of a user who could replace it. */
const manifestOf = (folder: string) => withRightsOf(ownerOf(wayTo(folder)), () => readManifest(folder));
