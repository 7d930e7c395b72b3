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
 * Where Ghost may be: at the program that runs (`index.js` or a script in `bin/` of Ghost), or at what has loaded the
 * adapter, where another program starts Ghost, as process managers do.
 */
const PLACES = [require.main?.filename, module.parent?.filename].filter((file) => file !== undefined);

/**
 * Loads a package from Ghost's own `node_modules`: an adapter in a content folder cannot reach them by name.
 *
 * Ghost tells its own errors apart with `instanceof` (a `read` that is not found is cached as a 404 only then), so a
 * copy of the same package would not do.
 *
 * @returns the package, or undefined where there is no Ghost
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
 * Loads a file of Ghost's.
 *
 * @param name from Ghost's own folder on, `./package.json`
 * @returns the module, or undefined where there is no Ghost
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

function findStorageBase(): StorageBaseConstructor {
  // ghost-storage-base 1.x (Ghost 5) is the class itself, 3.x (Ghost 6) has it as an export.
  const ghosts = packageOfGhost<StorageBaseConstructor | { StorageBase: StorageBaseConstructor }>('ghost-storage-base');
  const found = typeof ghosts === 'function' ? ghosts : ghosts?.StorageBase;
  return found ?? (require('./lazy/ghost-storage-base') as { StorageBase: StorageBaseConstructor }).StorageBase;
}

function findErrors(): typeof GhostErrors {
  const ghosts = packageOfGhost<typeof GhostErrors | { default: typeof GhostErrors }>('@tryghost/errors');
  const found = ghosts && 'default' in ghosts ? ghosts.default : ghosts;
  return found ?? (require('./lazy/ghost-errors') as { default: typeof GhostErrors }).default;
}

function findLogging(): Logging {
  const ghosts = packageOfGhost<Logging | { default: Logging }>('@tryghost/logging');
  return (ghosts && 'default' in ghosts ? ghosts.default : ghosts) ?? console;
}

/**
 * Reads Ghost's configuration.
 *
 * @param key with colons, `urls:image`
 * @returns the value, or undefined where it is not set or there is no running Ghost
 */
export function ghostSetting(key: string): unknown {
  type GhostConfig = { get(key: string): unknown };
  const ghosts = fileOfGhost<GhostConfig | { default: GhostConfig }>('./core/shared/config');
  return (ghosts && 'default' in ghosts ? ghosts.default : ghosts)?.get(key);
}

/** @returns the major version of the Ghost that runs, or undefined where there is none */
export function ghostMajorVersion(): number | undefined {
  const manifest = fileOfGhost<{ version: string }>('./package.json');
  return manifest && Number.parseInt(manifest.version, 10);
}

/** The class that Ghost's adapters extend: Ghost's own copy where there is one. Ghost checks the parent's name. */
export const StorageBase = findStorageBase();

/** The classes of `@tryghost/errors`: Ghost's own copy where there is one. */
export const errors = findErrors();

/** Ghost's log, or the console outside Ghost. */
export const logging = findLogging();

const alreadyLogged = new Set<string>();

/**
 * Logs a warning the first time that it comes up in this process. Ghost makes three instances of an adapter and
 * validates each: what is said of the configuration is the same every time.
 */
export function warnOnce(message: string): void {
  if (!alreadyLogged.has(message)) {
    alreadyLogged.add(message);
    logging.warn(message);
  }
}
