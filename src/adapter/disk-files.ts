import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { isFor, isServedFromDisk } from '../core/features';
import { imagesOnDisk } from '../core/ghost-host';
import type { Middleware } from './middleware';
import { sendNotFound } from './responses';

/** Serves a file from the disk, and returns whether the path is that of such a file. */
type DiskServer = (relativePath: string, ...parameters: Parameters<Middleware>) => boolean;

/**
 * Returns the function with which Ghost's own storage serves the files that are never in the bucket, with its cache
 * headers and its 404. It follows no link out of their folder.
 *
 * @param staticFileURLPrefix of the adapter, `content/images`
 */
export function diskServer(staticFileURLPrefix: string): DiskServer {
  const storage = isFor('images', staticFileURLPrefix) ? imagesOnDisk() : undefined;
  if (!storage) {
    return () => false;
  }
  const serve = storage.serve();
  return (relativePath, request, response, next) => {
    if (!isServedFromDisk('images', relativePath)) {
      return false;
    }
    leavesFolder(storage.storagePath, relativePath)
      .then((isOutside) => (isOutside ? sendNotFound(response) : serve(request, response, next)))
      .catch(next);
    return true;
  };
}

/** Returns whether a link points out of the first folder of the path. For a file that does not exist, it is false. */
async function leavesFolder(storagePath: string, relativePath: string): Promise<boolean> {
  const [folder = ''] = relativePath.split('/');
  try {
    const [base, file] = await Promise.all(
      [folder, relativePath].map((place) => realpath(path.join(storagePath, place))),
    );
    return !file?.startsWith(`${base}${path.sep}`);
  } catch {
    return false;
  }
}
