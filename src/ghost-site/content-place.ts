import path from 'node:path';
import { ADAPTER, type Feature, isServedFromDisk } from '../core/features';
import { Failure } from '../shell/failure';
import type { GhostSite } from './site';

/** Where Ghost's content is: its folder, and the container whose mounts may put parts of it elsewhere. */
export type Content = Pick<GhostSite, 'contentPath' | 'compose'>;

/** The adapter's folder, relative to the content folder. */
export const ADAPTER_IN_CONTENT = `adapters/storage/${ADAPTER}`;

/**
 * Returns the path of a part of the content folder on this machine. For a container, it may be mounted from another
 * folder.
 *
 * @param part relative, with slashes: `images`
 * @returns undefined when only Docker can reach it
 */
export function knownInContent(content: Content, part: string): string | undefined {
  const { compose } = content;
  const contentPath = knownContent(content);
  return compose && (contentPath === undefined || compose.hasContentIn(contentPath))
    ? compose.toHost(path.posix.join(compose.contentPath, part))
    : path.join(content.contentPath, part);
}

/** Returns the content folder; undefined when only Docker can reach it. */
export function knownContent(content: Partial<Content>): string | undefined {
  try {
    return content.contentPath;
  } catch (error) {
    if (error instanceof Failure) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Like `knownInContent`.
 *
 * @throws Failure when only Docker can reach it
 */
export const placeInContent = (content: Content, part: string): string =>
  knownInContent(content, part) ?? content.compose?.contentOnHost(part) ?? path.join(content.contentPath, part);

/**
 * Returns the folder of a feature's files on this machine.
 *
 * @throws Failure when only Docker can reach it, or a folder below it is mounted from elsewhere
 */
export function featureFolder(content: Content, feature: Feature): string {
  const folder = placeInContent(content, feature);
  const { compose, contentPath } = content;
  const inner = compose?.hasContentIn(contentPath) ? compose.mountsInContent(feature) : [];
  const hidden = inner.find((target) => !isServedFromDisk(feature, `${path.posix.relative(feature, target)}/`));
  if (compose && hidden !== undefined) {
    throw new Failure(
      `The service ${compose.name} in ${compose.composeFile} mounts another folder at ${compose.contentPath}/${hidden}, and this command cannot find the files there.`,
      `Move its files into ${folder}, remove this mount, and run the command again.`,
    );
  }
  return folder;
}
