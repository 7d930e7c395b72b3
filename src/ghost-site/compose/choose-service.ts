import { existsSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../../shell/failure';
import { isInside } from '../../shell/paths';
import type { ComposeProject, RawService } from './compose-file';
import { readService, type Service } from './service';

/** Ghost's folders in Docker's official image: the current one, and the one of images without Ghost-CLI. */
const HOMES = ['/var/lib/ghost', '/home/ghost'];

/** `ghost:6-alpine`, `docker.io/library/ghost@sha256:…` */
export const GHOST_IMAGE = /^(?:docker\.io\/)?(?:library\/)?ghost(?:$|[:@])/;

/** Absolute paths that the user named. */
export interface NamedPlaces {
  /** An env file, or a backup of one. */
  config?: string;
  /** The content folder. */
  content?: string;
}

/** A service that may be Ghost, or the reason why it cannot be read. */
interface Candidate {
  name: string;
  /** Whether it is called `ghost`, or runs Docker's official image. */
  isOfficial: boolean;
  /** Whether its content is mounted, and it may write there. */
  hasContent: boolean;
  service: Service | Failure;
}

/**
 * Chooses the service that is Ghost: the one that the user named, or else one with Ghost's image before others that
 * share its content, such as a web server or a backup.
 *
 * @returns undefined when none is Ghost
 * @throws Failure when several are, or the one that is cannot be read
 */
export function chooseService(project: ComposeProject, named: NamedPlaces): Service | undefined {
  const all = [...project.services]
    .filter(([name, parts]) => mayBeGhost(name, parts))
    .map(([name, parts]) => candidateOf(project, name, parts));
  const ofUser = all.filter((candidate) => isNamed(candidate, named));
  const candidates = ofUser.length > 0 ? ofUser : all;
  const ranked = [
    candidates.filter(({ isOfficial, hasContent }) => isOfficial && hasContent),
    candidates.filter(({ isOfficial, service }) => isOfficial && service instanceof Failure),
    candidates.filter(({ isOfficial, hasContent }) => !isOfficial && hasContent),
    candidates.filter(({ isOfficial }) => isOfficial),
    candidates.filter(({ service }) => service instanceof Failure),
  ];
  const ghost = candidates.find(({ name, service, hasContent }) => name === 'ghost' && isLikely(service, hasContent));
  const best = ghost ? [ghost] : (ranked.find(({ length }) => length > 0) ?? []);
  const [{ service } = {}, ...others] = best;
  if (service instanceof Failure) {
    throw service;
  }
  const [including] = project.including;
  const hasConfig = existsSync(path.join(project.folder, 'config.production.json'));
  if (!service && including !== undefined && !hasConfig) {
    throw new Failure(
      `${including} uses "include", which this command does not read, and it has no Ghost service itself.`,
      'Run the command in the folder of the included file, or set it up by hand: install --print\nIf Ghost does not run in Docker, name its configuration file: --config FILE',
    );
  }
  if (others.length > 0) {
    throw new Failure(
      `${project.folder} has several Ghost services: ${best.map(({ name }) => name).join(', ')}.`,
      'Choose one by its content folder (--content FOLDER) or its env file (--config FILE.env), or put each site into its own folder.',
    );
  }
  return service;
}

const isLikely = (service: Service | Failure, hasContent: boolean): boolean => service instanceof Failure || hasContent;

function candidateOf(project: ComposeProject, name: string, parts: RawService[]): Candidate {
  try {
    const service = readService(project, name, parts);
    const isOfficial = name === 'ghost' || GHOST_IMAGE.test(service.image ?? '');
    const hasContent = homeOf(service) !== undefined;
    return { name, isOfficial, hasContent, service };
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    const isOfficial = name === 'ghost' || parts.some(({ values }) => GHOST_IMAGE.test(String(values.image)));
    return { name, isOfficial, hasContent: false, service: error };
  }
}

function isNamed({ service }: Candidate, { config, content }: NamedPlaces): boolean {
  if (service instanceof Failure) {
    return false;
  }
  const envFiles = service.envFiles.map(({ file }) => file);
  const hasFile = config !== undefined && envFileFor(envFiles, config) !== undefined;
  return hasFile || (content !== undefined && service.mounts.some((mount) => hasContentAt(mount, content)));
}

/** What follows the name of an env file in the name of its backup. */
const OF_BACKUP = /^(\.bak)?\.\d{8}T\d{9}Z\.backup$/;

/** Returns the one of these env files that a file is, or is a backup of. */
export const envFileFor = (envFiles: readonly string[], file: string): string | undefined =>
  envFiles.find((envFile) => file === envFile) ??
  envFiles.find((envFile) => file.startsWith(envFile) && OF_BACKUP.test(file.slice(envFile.length)));

const hasContentAt = ({ source, target }: Service['mounts'][0], content: string): boolean =>
  source === content && HOMES.some((home) => target === path.posix.join(home, 'content'));

/** Looks at texts in which variables are not replaced, since variables of other services may be missing. */
const mayBeGhost = (name: string, parts: RawService[]): boolean =>
  name === 'ghost' ||
  parts.some(
    ({ values }) =>
      /\bghost\b/.test(String(values.image)) || HOMES.some((home) => JSON.stringify(values.volumes)?.includes(home)),
  );

/** Returns Ghost's folder in the container, found by where its content is mounted. Ghost writes there. */
export const homeOf = ({ mounts }: Service): string | undefined =>
  HOMES.find((home) =>
    mounts.some(
      ({ target, readOnly }) => !readOnly && target !== '/' && isInside(path.posix.join(home, 'content'), target),
    ),
  );
