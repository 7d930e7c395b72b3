import { ADAPTER, ghostUrlOf } from '../../core/features';
import { readAdapterConfigs } from '../../ghost-site/adapter-config';
import { isObject, storageOf } from '../../ghost-site/config';
import { findGhostSite, type GhostSite } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import type { WarmOptions } from './settings';

/** The blog whose pages are read, and the images that count. */
export interface Target {
  /** With a slash at its end. */
  blogUrl: URL;
  /** What the URLs of all images on the CDN start with: `https://images.example.com/content/images/`. */
  imagesUrl: string;
}

const EXAMPLE = '--ghost-url https://blog.example.com --cdn-url https://images.example.com';

/**
 * Finds the blog and its CDN: in the options, otherwise in Ghost's configuration.
 *
 * @throws Failure when neither has both URLs, or when one is invalid
 */
export function findTarget(options: WarmOptions, environment: NodeJS.ProcessEnv = process.env): Target {
  const site = findSite(options, environment);
  return { blogUrl: readBlogUrl(options, site), imagesUrl: readImagesUrl(options, site) };
}

/** Returns Ghost; undefined when it is not on this machine and the options are enough without it. */
function findSite(options: WarmOptions, environment: NodeJS.ProcessEnv): GhostSite | undefined {
  const { ghost, config, content, ghostUrl, cdnUrl } = options;
  try {
    return findGhostSite(options, environment);
  } catch (error) {
    const isNamed = [ghost, config, content].some((place) => place !== undefined);
    if (!(error instanceof Failure) || isNamed) {
      throw error;
    }
    if (ghostUrl !== undefined && cdnUrl !== undefined) {
      return undefined;
    }
    throw new Failure(error.message, `${error.cure}\nWhere Ghost is not on this machine, add ${EXAMPLE}`);
  }
}

function readBlogUrl({ ghostUrl }: WarmOptions, site: GhostSite | undefined): URL {
  const given: unknown = ghostUrl ?? site?.config.url;
  const name = ghostUrl === undefined ? `"url" in ${site?.configFile}` : '--ghost-url';
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    const value = typeof given === 'string' ? `is "${given}", which is not the URL of a blog` : 'is missing';
    throw new Failure(`${name} ${value}.`, 'Add the URL that visitors use: --ghost-url https://blog.example.com');
  }
  if (url.username !== '' || url.password !== '') {
    throw new Failure(`${name} contains a user name or password.`, 'Remove it: visitors do not send one.');
  }
  return new URL(`${url.pathname.replace(/\/*$/, '')}/`, url);
}

function readImagesUrl(options: WarmOptions, site: GhostSite | undefined): string {
  const { cdnUrl, tenantPrefix } = options;
  const config = site?.config ?? {};
  if (cdnUrl === undefined && !isObject(storageOf(config)[ADAPTER])) {
    throw new Failure(
      `${site?.configFile} does not configure ${ADAPTER}.`,
      'Add the URL of the CDN: --cdn-url https://images.example.com',
    );
  }
  // No request is sent to S3, so that the configuration needs no bucket as long as the CDN is known.
  const given = { cdnUrl, tenantPrefix, ...(cdnUrl !== undefined && { bucket: 'not-used' }) };
  const { images } = readAdapterConfigs(config, given, site?.configFile);
  return new URL(`${ghostUrlOf(images)}/${images.staticFileURLPrefix}/`).href;
}
