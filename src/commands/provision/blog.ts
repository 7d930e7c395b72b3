import { existsSync } from 'node:fs';
import { fileOfVariable } from '../../ghost-site/compose/variable-place';
import { countFiles } from '../../ghost-site/count-files';
import { findGhostSite, type GhostSite, isFolder } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import type { CountedFiles } from './costs';
import { readGhost } from './ghost-url';

/** How long (ms) to count files, of which only the costs need to know. */
const TIME_TO_COUNT = 5_000;

/** A blog's address, as its configuration has it. */
export interface BlogUrl {
  url: string;
  /** `/var/www/ghost/config.production.json`; for a container, the file with the variable: `compose.yml` or an env file. */
  source: string;
  /** The template's parameters; undefined when CloudFront cannot ask the blog at this address. */
  parameters?: Record<string, string>;
}

/**
 * Finds the Ghost of this machine: that of the file or folder of `--write-config`, or the one in the working directory
 * and the usual folders.
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
 * Reads the address of a blog.
 *
 * @param domain of the images
 * @returns undefined when the configuration has none
 */
export function blogUrlOf({ config: { url }, configFile, compose }: GhostSite, domain: string): BlogUrl | undefined {
  if (typeof url !== 'string' || url.trim() === '') {
    return undefined;
  }
  const isOfContainer = compose?.variables().url === url;
  const ofEnvironment = !compose && process.env.url === url ? 'the environment variable url' : undefined;
  const source = (compose && isOfContainer ? fileOfVariable(compose, 'url') : ofEnvironment) ?? configFile;
  try {
    return { url, source, parameters: isHttps(url) ? readGhost({ ghostUrl: url }, domain) : undefined };
  } catch (error) {
    if (error instanceof Failure) {
      return { url, source };
    }
    throw error;
  }
}

/** `--ghost-url` may leave out the scheme; Ghost's own setting has it. */
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
