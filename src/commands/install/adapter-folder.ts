import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { ADAPTER } from '../../core/features';
import { Failure } from '../../shell/failure';
import { adviceForMachine } from '../../shell/file-errors';
import { type Owner, withRightsOf } from '../../shell/owner-rights';
import { someNamesIn } from '../../shell/read-file';
import { syncFolder } from '../../shell/sync-folder';
import { ADAPTER_FOLDERS, adapterFiles } from './adapter-files';
import type { AdapterPlace } from './adapter-place';

/** Folders next to the adapter that contain a version that is being added or removed; 1.0.0 used the last two names. */
const PROVISIONAL = new RegExp(`^(\\.${ADAPTER}-\\w{6}|${ADAPTER}\\.(new|old))$`);

/** A changed adapter folder, while the change can still be undone. */
export interface FolderChange {
  /** Restores the former folder. */
  undo(): void;
  /**
   * Deletes the former folder.
   *
   * @returns what could not be deleted
   */
  finish(): string[];
}

/**
 * Runs a step that must succeed together with the change of the folder. Otherwise the change is undone.
 *
 * @param warn prints a problem that does not stop the command
 * @throws the error of `run`, with the words that everything is unchanged
 */
export function undoOnFailure<T>(change: FolderChange | undefined, run: () => T, warn: (text: string) => void): T {
  let result: T;
  try {
    result = run();
  } catch (error) {
    const end = restored(change);
    throw error instanceof Failure ? new Failure(error.message, `${error.cure}\n${end}`, { cause: error }) : error;
  }
  for (const left of change?.finish() ?? []) {
    warn(`${left} is no longer used, but could not be deleted. Delete it yourself: sudo rm -r ${left}`);
  }
  return result;
}

function restored(change: FolderChange | undefined): string {
  try {
    change?.undo();
    return 'Everything is as it was before the command.';
  } catch (error) {
    return `The former version of the adapter could not be restored: ${(error as Error).message}`;
  }
}

/**
 * Puts the adapter into its folder, with the rights of the owner of the folders above it. The files are first written
 * into a new folder next to it, which is renamed when it is complete. They are flushed to the disk, because Ghost would
 * not start with the configuration that is written next if they were missing after a power failure.
 *
 * @throws Failure when they cannot be written
 */
export function putAdapter({ folder, owner }: AdapterPlace): FolderChange {
  // Root's cache, where this package may be, cannot be read with the rights of another user.
  const files = adapterFiles();
  return changing(owner, folder, (undos) => {
    createFolders(path.dirname(folder), undos);
    const fresh = mkdtempSync(path.join(path.dirname(folder), `.${ADAPTER}-`));
    undos.push(() => rmSync(fresh, { recursive: true, force: true }));
    writeFiles(fresh, files);
    moveAway(folder, undos);
    renameSync(fresh, folder);
    undos.push(() => rmSync(folder, { recursive: true, force: true }));
    syncFolder(path.dirname(folder));
  });
}

/**
 * Removes the adapter's folder by renaming it.
 *
 * @throws Failure when it cannot be renamed
 */
export const removeAdapter = ({ folder, owner }: AdapterPlace): FolderChange =>
  changing(owner, folder, (undos) => moveAway(folder, undos));

/** Changes the folder, and undoes the steps so far if one fails. */
function changing(owner: Owner, folder: string, change: (undos: (() => void)[]) => void): FolderChange {
  const undos: (() => void)[] = [];
  const undo = () =>
    undos
      .splice(0)
      .reverse()
      .forEach((step) => step());
  withRights(owner, folder, () => {
    try {
      change(undos);
    } catch (error) {
      undo();
      throw error;
    }
  });
  return {
    undo: () => withRights(owner, folder, undo),
    finish: () => withRightsOf(owner, () => deleteProvisional(path.dirname(folder))),
  };
}

/** Returns what could not be deleted. */
function deleteProvisional(parent: string): string[] {
  const provisional = () =>
    someNamesIn(parent)
      .filter((name) => PROVISIONAL.test(name))
      .map((name) => path.join(parent, name));
  for (const name of provisional()) {
    try {
      rmSync(name, { recursive: true, force: true });
    } catch {
      // It is named to the user.
    }
  }
  return provisional();
}

/** Creates the missing folders of a path. */
function createFolders(folder: string, undos: (() => void)[]): void {
  if (!existsSync(folder)) {
    createFolders(path.dirname(folder), undos);
    mkdirSync(folder);
    undos.push(() => rmdirSync(folder));
    openToAll(folder);
    syncFolder(path.dirname(folder));
  }
}

function writeFiles(fresh: string, files: Map<string, Buffer>): void {
  ADAPTER_FOLDERS.slice(1).forEach((name) => mkdirSync(path.join(fresh, name)));
  for (const [name, bytes] of files) {
    const opened = openSync(path.join(fresh, name), 'wx');
    try {
      writeFileSync(opened, bytes);
      fchmodSync(opened, 0o644);
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
  }
  for (const name of ADAPTER_FOLDERS) {
    openToAll(path.join(fresh, name));
    syncFolder(path.join(fresh, name));
  }
}

/** Renames a folder, if it exists, to an unpredictable name. */
function moveAway(folder: string, undos: (() => void)[]): void {
  if (existsSync(folder)) {
    const away = path.join(path.dirname(folder), `.${ADAPTER}-${randomBytes(3).toString('hex')}`);
    renameSync(folder, away);
    undos.push(() => renameSync(away, folder));
  }
}

/** Lets all users read a folder, whatever the umask is. */
const openToAll = (folder: string) => chmodSync(folder, 0o755);

/** Runs a step with the rights of an owner, and names the file and the user where these are not enough. */
function withRights<T>(owner: Owner, folder: string, step: () => T extends Promise<unknown> ? never : T): T {
  try {
    return withRightsOf(owner, step);
  } catch (error) {
    const { code, path: file = folder } = error as NodeJS.ErrnoException;
    throw code === undefined
      ? error
      : new Failure(
          `${file} could not be written with the rights of the user ${owner.uid} (${code}).`,
          `${adviceForMachine(code) ?? `Check the permissions of ${path.dirname(folder)}, and run the command again.`}\nEverything is as it was before the command.`,
          { cause: error },
        );
  }
}
