import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../shell/failure';
import { type GhostConfig, readGhostConfig, settingsOfEnvironment, withSettings } from './config';

/** Where a Ghost is, as far as it can be found. */
export interface GhostSite {
  /** Holds the configuration files, and with Ghost-CLI and Docker `current` and `content`. */
  folder: string;
  /** `config.production.json`; it need not be there. */
  configFile: string;
  /** What Ghost sees: the file, and over it the environment. */
  config: GhostConfig;
  /** Holds `images`, `media`, `files` and `adapters`. */
  contentPath: string;
  /** Ghost's own code, undefined where only the content is here. */
  codeFolder?: string;
  /** Of Ghost, `6.65.0`. */
  version?: string;
}

/** The options by which commands are told where Ghost is. */
export interface GhostSiteOptions {
  /** Folder that Ghost-CLI has installed into, `/var/www/ghost`. */
  ghost?: string;
  /** Configuration file of Ghost. */
  config?: string;
  /** Content folder of Ghost. */
  content?: string;
}

/** The oldest Ghost with everything that the adapter needs. */
export const OLDEST_GHOST = '5.130';

/** Where Ghost is with Ghost-CLI by its own guide, and in Docker's official image. */
const USUAL_FOLDERS = ['/var/lib/ghost', '/var/www/ghost'];

/**
 * Finds Ghost: where the options say, else in the working directory, else in the usual places.
 *
 * @throws Failure when it is not where an option says, or nowhere
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
  const fromFile = existsSync(configFile) ? readGhostConfig(readFileSync(configFile, 'utf8'), configFile) : {};
  const config = withSettings(fromFile, settingsOfEnvironment(environment));
  const codeFolder = findCode(folder);
  const contentPath =
    options.content === undefined
      ? contentPathOf(config.paths?.contentPath ?? 'content', folder, codeFolder)
      : path.resolve(options.content);
  if (options.content !== undefined && !existsSync(contentPath)) {
    throw new Failure(
      `--content: there is no folder ${contentPath}.`,
      "Name Ghost's content folder, for example /var/www/ghost/content.",
    );
  }
  return { folder, configFile, config, contentPath, codeFolder, version: codeFolder && versionOf(codeFolder) };
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
  if (config !== undefined) {
    return path.dirname(path.resolve(config));
  }
  if (content !== undefined) {
    return path.dirname(path.resolve(content));
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

/** Returns whether the adapter supports a Ghost version, such as `6.65.0`. */
export function isSupported(version: string): boolean {
  return version.localeCompare(OLDEST_GHOST, 'en', { numeric: true }) >= 0;
}

/** Ghost takes a relative path with a slash in it for one below its code, and any other for one where it was started. */
function contentPathOf(configured: string, folder: string, codeFolder: string = folder): string {
  return path.resolve(/[/\\]/.test(configured) || configured === '.' ? codeFolder : folder, configured);
}

const isGhostFolder = (folder: string) =>
  ['.ghost-cli', 'current', 'config.production.json'].some((name) => existsSync(path.join(folder, name)));

/** `current` is a link to the version that runs; a checkout is its own. */
function findCode(folder: string): string | undefined {
  return [path.join(folder, 'current'), folder]
    .filter((candidate) => existsSync(path.join(candidate, 'package.json')))
    .map((candidate) => realpathSync(candidate))
    .find((candidate) => manifestOf(candidate).name === 'ghost');
}

const versionOf = (codeFolder: string) => manifestOf(codeFolder).version;

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { name?: string; version?: string };
