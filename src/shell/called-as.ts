import { accessSync, constants, realpathSync } from 'node:fs';
import path from 'node:path';
import { isRoot, userName } from './owner-rights';
import { readRegularFile } from './read-file';
import { quoted } from './text';

const NAME = 'ghost-storage-s3-cloudfront';

/** The largest package.json (bytes) of npx that is read. */
const LARGEST_MANIFEST = 100_000;

/** Where sudo looks for programs on common systems, whatever the PATH of its user is. */
const PATH_OF_SUDO = /^(\/usr(\/local)?)?\/s?bin$|^\/snap\/bin$/;

/** What a command needs that the present user may not have. */
export interface Needs {
  /** Files and folders that the command reads. */
  reads?: readonly string[];
  /** Files and folders that it writes; those that do not exist yet are created. */
  writes?: readonly string[];
  /** Environment variables that it needs. Never secrets: other users can see them. */
  environment?: Record<string, string>;
}

/**
 * Returns a command of this program that works when it is copied: the program as it was called, with `sudo` where this
 * process was run by sudo, or where the present user may not access what the command needs.
 *
 * @param parameters the command and its options, quoted for the shell: `migrate --config /var/www/ghost/config.production.json`
 */
export function ownCommand(parameters: string, { reads = [], writes = [], environment = {} }: Needs = {}): string {
  const needed = [
    ...reads.map((place) => [place, constants.R_OK] as const),
    ...writes.map((place) => [place, constants.W_OK] as const),
  ];
  const prefix = sudoFor(needed.every(([place, mode]) => isAllowed(place, mode)));
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${quoted(value)} `);
  return `${prefix}${variables.join('')}${calledAs()} ${parameters}`;
}

/**
 * Returns how this program was called: with npx, by its name on the PATH, or as a file that Node runs. Within another
 * program it returns npx, which works everywhere.
 *
 * @see https://docs.npmjs.com/cli/v11/commands/npm-exec
 */
export function calledAs(script = process.argv[1] ?? '', environment = process.env): string {
  const isOwn = path.basename(script) === NAME || script.endsWith(path.join('dist', 'cli.js'));
  const isInPackage = script.split(path.sep).includes('node_modules');
  // Its variables are inherited, also by a program that npx or `npm run` started from elsewhere.
  const isByNpm = environment.npm_execpath !== undefined || environment.npm_command !== undefined;
  if (!isOwn || script.includes(`${path.sep}_npx${path.sep}`) || (isInPackage && isByNpm)) {
    return `npx ${quoted(specOf(script))}`;
  }
  return isOnPath(script, environment.PATH ?? '') ? NAME : `node ${quoted(script)}`;
}

/** The last answer of `isOnPath`: the text of `--help` asks forty times. */
let lastAnswer: { script: string; variable: string; isOnPath: boolean } | undefined;

/** Returns whether the shell would find this script by its name. */
function isOnPath(script: string, variable: string): boolean {
  if (lastAnswer?.script !== script || lastAnswer.variable !== variable) {
    const folders = variable.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
    const real = realOf(script);
    const found = real !== undefined && folders.some((folder) => realOf(path.join(folder, NAME)) === real);
    lastAnswer = { script, variable, isOnPath: found };
  }
  return lastAnswer.isOnPath;
}

/** Returns the package that npx was told to run: its name, or with a version where the user named one. */
function specOf(script: string): string {
  const [, cache] = /^(.*[/\\]_npx[/\\][^/\\]+)[/\\]/.exec(script) ?? [];
  if (cache === undefined) {
    return NAME;
  }
  try {
    const { bytes } = readRegularFile(path.join(cache, 'package.json'), LARGEST_MANIFEST);
    const { _npx: { packages = [] } = {} } = JSON.parse(bytes.toString('utf8')) as { _npx?: { packages?: string[] } };
    return packages.find((spec) => spec.startsWith(`${NAME}@`)) ?? NAME;
  } catch {
    return NAME;
  }
}

/** Returns `sudo ` or `sudo -u ghost ` where it is needed, with a PATH on which Node is. */
function sudoFor(isAllowed: boolean): string {
  const isBySudo = process.env.SUDO_USER !== undefined;
  if (process.platform === 'win32' || (isRoot() && !isBySudo) || (isAllowed && !isBySudo)) {
    return '';
  }
  const user = isAllowed && !isRoot() ? `-u ${userOfSudo()} ` : '';
  // Without it, sudo does not find a Node that nvm installed.
  const search = PATH_OF_SUDO.test(path.dirname(process.execPath)) ? '' : 'env "PATH=$PATH" ';
  return `sudo ${user}${search}`;
}

/** Returns this user as sudo expects it: a user ID has a number sign (man sudo). */
function userOfSudo(): string {
  const name = userName();
  return /^\d+$/.test(name) ? quoted(`#${name}`) : name;
}

function isAllowed(place: string, mode: number): boolean {
  try {
    accessSync(place, mode);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isRoom = code === 'ENOENT' && path.dirname(place) !== place;
    // Everything else, a read-only mount for example, also stops root.
    return isRoom ? isAllowed(path.dirname(place), mode) : code !== 'EACCES' && code !== 'EPERM';
  }
}

function realOf(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}
