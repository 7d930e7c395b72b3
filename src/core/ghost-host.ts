import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import type GhostErrors from '@tryghost/errors';
import type { StorageBase as StorageBaseClass } from 'ghost-storage-base';

type StorageBaseConstructor = typeof StorageBaseClass;

/** The part of `@tryghost/logging` that the adapter uses. */
export interface Logging {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/**
 * Where to look for Ghost: in the folder of the running program (Ghost's `index.js` or a script in its `bin/`), or of
 * the module that loaded the adapter, in case another program started Ghost, as process managers do.
 */
const PLACES = [require.main?.filename, module.parent?.filename].filter((file) => file !== undefined);

/**
 * Loads a package from Ghost's own `node_modules`: an adapter in a content folder cannot require them by name.
 *
 * Ghost recognizes its own errors with `instanceof` (only then is a missing file cached as a 404), so another copy of the
 * same package would not work.
 *
 * @returns the package, or undefined outside Ghost
 */
function packageOfGhost<T>(name: string): T | undefined {
  for (const place of PLACES) {
    const found = tryToLoad<T>(place, name);
    if (found) {
      return found;
    }
  }
  return undefined;
}

/**
 * Loads a file of Ghost.
 *
 * @param name path relative to Ghost's folder, `./package.json`
 * @returns the module, or undefined outside Ghost
 */
function fileOfGhost<T>(name: string): T | undefined {
  for (const place of PLACES) {
    for (let folder = path.dirname(place); ; folder = path.dirname(folder)) {
      const manifest = path.join(folder, 'package.json');
      if (tryToLoad<{ name?: string }>(manifest, './package.json')?.name === 'ghost') {
        return tryToLoad<T>(manifest, name);
      }
      if (folder === path.dirname(folder)) {
        break;
      }
    }
  }
  return undefined;
}

function tryToLoad<T>(from: string, name: string): T | undefined {
  try {
    return createRequire(from)(name) as T;
  } catch {
    return undefined;
  }
}

/** The exports of a CommonJS or an ES module. */
type Exports<T extends object> = T | { default: T };

function defaultOf<T extends object>(exports: Exports<T> | undefined): T | undefined {
  return exports && 'default' in exports ? exports.default : exports;
}

/** Returns the class that Ghost's adapters extend: Ghost's own copy if there is one. Ghost checks the name of the parent. */
export function findStorageBase(): StorageBaseConstructor {
  // ghost-storage-base 1.x (Ghost 5) is the class itself; 3.x (Ghost 6) exports it.
  const ghosts = packageOfGhost<StorageBaseConstructor | { StorageBase: StorageBaseConstructor }>('ghost-storage-base');
  const found = typeof ghosts === 'function' ? ghosts : ghosts?.StorageBase;
  return found ?? (require('./lazy/ghost-storage-base') as { StorageBase: StorageBaseConstructor }).StorageBase;
}

/**
 * Returns a value of Ghost's configuration.
 *
 * @param key path with colons, `urls:image`
 * @returns undefined when it is not set, or outside Ghost
 */
export function ghostSetting(key: string): unknown {
  return defaultOf(fileOfGhost<Exports<{ get(key: string): unknown }>>('./core/shared/config'))?.get(key);
}

/** The part of Ghost's own storage on the disk that the adapter uses. */
export interface DiskStorage {
  /** Its folder, `/var/lib/ghost/content/images/`. */
  storagePath: string;
  serve(): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
}

/** Returns Ghost's own storage of images on the disk, or undefined outside Ghost. */
export function imagesOnDisk(): DiskStorage | undefined {
  const name = './core/server/adapters/storage/LocalImagesStorage';
  const Storage = defaultOf(fileOfGhost<Exports<new () => DiskStorage>>(name));
  return Storage && new Storage();
}

/** Returns the major version of the running Ghost, or undefined outside Ghost. */
export function ghostMajorVersion(): number | undefined {
  const manifest = fileOfGhost<{ version: string }>('./package.json');
  return manifest && Number.parseInt(manifest.version, 10);
}

type Errors = Pick<
  typeof GhostErrors,
  'IncorrectUsageError' | 'InternalServerError' | 'NoPermissionError' | 'NotFoundError'
>;

let loadedErrors: Errors | undefined;

/** Loads the classes of `errors`. Where no file can be opened any more, it is too late to load them. */
export function loadErrors(): Errors {
  return (loadedErrors ??=
    defaultOf(packageOfGhost<Exports<typeof GhostErrors>>('@tryghost/errors')) ??
    (require('./lazy/ghost-errors') as { default: typeof GhostErrors }).default);
}

/** Classes of `@tryghost/errors`, loaded on first use: Ghost's own copy if there is one. */
export const errors: Errors = {
  get IncorrectUsageError() {
    return loadErrors().IncorrectUsageError;
  },
  get InternalServerError() {
    return loadErrors().InternalServerError;
  },
  get NoPermissionError() {
    return loadErrors().NoPermissionError;
  },
  get NotFoundError() {
    return loadErrors().NotFoundError;
  },
};

/** Ghost's log, or the console outside Ghost. */
export const logging: Logging = defaultOf(packageOfGhost<Exports<Logging>>('@tryghost/logging')) ?? console;

const alreadyLogged = new Set<string>();

/**
 * Logs a warning unless this process has logged it before. Ghost creates three instances of the adapter and validates
 * each, so warnings about the configuration would be repeated.
 */
export function warnOnce(message: string): void {
  if (!alreadyLogged.has(message)) {
    alreadyLogged.add(message);
    logging.warn(message);
  }
}
