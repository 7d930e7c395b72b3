import { existsSync } from 'node:fs';
import { fileOfVariable } from '../../ghost-site/compose/variable-place';
import { countFiles } from '../../ghost-site/count-files';
import { findGhostSite, type GhostSite, isFolder } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import type { CountedFiles } from './costs';
import { readGhost } from './ghost-url';

/** How long (ms) to count files. Only the cost estimate needs the number. */
const TIME_TO_COUNT = 5_000;

/** A blog's URL from its configuration. */
export interface BlogUrl {
  url: string;
  /**
   * Where the URL comes from: `"url" in /var/www/ghost/config.production.json`, or the environment variable. For a
   * container, the file is the one with its variable, `compose.yml` or an env file.
   */
  source: string;
  /** The template parameters; undefined when CloudFront cannot send requests to this URL. */
  parameters?: Record<string, string>;
}

/**
 * Finds the Ghost on this machine: the one of `--write-config`, or one in the working directory or the usual folders.
 *
 * @returns undefined when there is none, or when its configuration cannot be read
 */
export function findBlog(writeConfig: string | undefined): GhostSite | undefined {
  try {
    if (writeConfig !== undefined && !existsSync(writeConfig)) {
      return undefined;
    }
    return findGhostSite(
      writeConfig !== undefined && isFolder(writeConfig) ? { ghost: writeConfig } : { config: writeConfig },
    );
  } catch (error) {
    if (error instanceof Failure) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Reads the URL of a blog.
 *
 * @param domain domain of the images
 * @returns undefined when the configuration has none
 */
export function blogUrlOf({ config: { url }, configFile, compose }: GhostSite, domain: string): BlogUrl | undefined {
  if (typeof url !== 'string' || url.trim() === '') {
    return undefined;
  }
  const isOfContainer = compose?.variables().url === url;
  const ofEnvironment = !compose && process.env.url === url ? 'the environment variable url' : undefined;
  const file = (compose && isOfContainer ? fileOfVariable(compose, 'url') : undefined) ?? configFile;
  const source = ofEnvironment ?? `"url" in ${file}`;
  try {
    return { url, source, parameters: isHttps(url) ? readGhost({ ghostUrl: url }, domain) : undefined };
  } catch (error) {
    if (error instanceof Failure) {
      return { url, source };
    }
    throw error;
  }
}

/** Checks the scheme, which `--ghost-url` can leave out, but Ghost's own setting cannot. */
const isHttps = (url: string) => /^https:\/\//i.test(url.trim());

/** Counts the files of a blog; undefined when they cannot be read. */
export async function countBlogFiles(site: GhostSite, signal?: AbortSignal): Promise<CountedFiles | undefined> {
  try {
    const { files, bytes, isComplete } = await countFiles(site, { signal, timeLimitMs: TIME_TO_COUNT });
    return { files, bytes, isComplete, place: site.contentPath };
  } catch (error) {
    if (error instanceof Failure) {
      return undefined;
    }
    throw error;
  }
}
