import path from 'node:path';
import { settingsOfEnvironment } from '../../ghost-site/config';
import { findGhostSite, type GhostSite, type GhostSiteOptions } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';

type Places = Pick<GhostSite, 'folder' | 'configFile' | 'contentPath' | 'compose'>;

/**
 * Returns the options with which a process without the variables of this one finds the same Ghost.
 *
 * @param options as the user gave them
 */
export function placesFor(site: Places, options: GhostSiteOptions, environment = process.env): string[] {
  return Object.entries<string | undefined>({ ...optionsFor(site, options, environment) }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, path.resolve(value)],
  );
}

function optionsFor(
  { folder, configFile, contentPath, compose }: Places,
  { ghost, config, content }: GhostSiteOptions,
  environment: NodeJS.ProcessEnv,
): GhostSiteOptions {
  const isNamed = !compose && (environment.NODE_ENV ?? 'production') !== 'production';
  const hasContent = !compose && settingsOfEnvironment(environment).paths?.contentPath !== undefined;
  return {
    ghost: ghost ?? (isNamed || hasContent ? folder : undefined),
    config: config ?? (isNamed ? configFile : undefined),
    content: content ?? (hasContent ? contentPath : undefined),
  };
}

/**
 * Makes sure that a process without the variables of this one, such as one that sudo starts, changes the Ghost that was
 * shown to the user. Without COMPOSE_FILE, for example, it would use other Compose files, with another env file.
 *
 * @param options as the user gave them
 * @throws Failure with what it would find, and where to write the variables
 */
export function assertSameGhost(site: GhostSite, options: GhostSiteOptions, environment = process.env): void {
  const found = findWithout(site, optionsFor(site, options, environment));
  const [other] = [
    [found.configFile, site.configFile],
    [found.contentPath, site.contentPath],
    [found.config.paths?.installedAdaptersPath, site.config.paths?.installedAdaptersPath],
  ].filter(([one, another]) => one !== another);
  if (other) {
    const [there = 'nothing', here = 'nothing'] = other;
    throw inTheWay(site, `it would use ${there} instead of ${here}`);
  }
}

function findWithout(site: GhostSite, options: GhostSiteOptions): GhostSite {
  try {
    return findGhostSite(options, {});
  } catch (error) {
    throw error instanceof Failure ? inTheWay(site, error.message.replace(/\.$/, ''), error) : error;
  }
}

function inTheWay({ folder, configFile, compose }: GhostSite, what: string, cause?: Error): Failure {
  return new Failure(
    `sudo does not pass on the variables of this shell. Without them, the change as root would fail: ${what}.`,
    `${compose ? `Write the variables that Docker Compose needs (COMPOSE_FILE and others) into ${path.join(folder, '.env')}` : `Write what these variables set into ${configFile}`}, or run the command as a user who can write there.`,
    { cause },
  );
}
