import { Failure } from '../../shell/failure';
import { isRoot, type Owner, withRightsOf } from '../../shell/owner-rights';
import { mayAccess, ownerOf, refuseSharedWay, wayTo } from '../../shell/path-owners';
import { isInside } from '../../shell/paths';

/**
 * Returns the user who decides what Docker Compose's files say: the first one other than root who can write one of
 * them. Such a file can name any file of this machine, and have its content sent anywhere.
 *
 * @param places the files and their folder; some may not exist
 * @returns undefined where that is root alone, and for a process without root's rights
 * @throws Failure for a file of root that others can write
 */
export function writerOf(places: readonly string[]): Owner | undefined {
  if (!isRoot()) {
    return undefined;
  }
  const ways = places.map(wayTo);
  const writer = ways.map(ownerOf).find(({ uid }) => uid !== 0);
  if (!writer) {
    ways.forEach(refuseSharedWay);
  }
  return writer;
}

/**
 * Reads a file for the user who can write the Compose files, and with no more rights than that user has.
 *
 * @param writer undefined where root alone can write them
 * @throws Failure where these rights are not enough, and the errors of `read`
 */
export function readFor(writer: Owner | undefined, file: string, read: () => string): string {
  if (!writer) {
    return read();
  }
  try {
    return withRightsOf(writer, read);
  } catch (error) {
    const { code, cause } = error as NodeJS.ErrnoException;
    throw [code, (cause as NodeJS.ErrnoException | undefined)?.code].includes('EACCES')
      ? new Failure(
          `${file} cannot be read with the rights of the user ${writer.uid}, who can write the Compose files or their env files.`,
          'Let that user read it, or let only root write these files and their folder: sudo chown -h root FILE',
          { cause: error },
        )
      : error;
  }
}

/**
 * Makes sure that the user who can write the Compose files does not make root write Ghost's secrets into a settings
 * file of another user.
 *
 * @throws Failure with the file, and with how to allow it
 */
export function refuseForeignSettings(
  { writer, folder, composeFile }: { writer?: Owner; folder: string; composeFile: string },
  file: string,
  cure: string,
): void {
  const way = wayTo(file);
  if (!isRoot() || !writer || isInside(way.real, wayTo(folder).real)) {
    return;
  }
  const { uid } = ownerOf(way);
  const rights = way.end.path === way.real ? 0o2 : 0o3;
  if (uid !== writer.uid && !mayAccess(way.end.stats, writer, rights)) {
    throw new Failure(
      `The user ${writer.uid} can write ${composeFile}. It names ${file}, which belongs to the user ${uid}.`,
      `If that is correct, ${cure}`,
    );
  }
}
