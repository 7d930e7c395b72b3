import { ADAPTER } from '../../../core/features';
import type { Stack } from '../../../aws/stack';
import { settingsFileAt } from '../../../ghost-site/compose/compose-site';
import { isObject, storageOf, storagePlace } from '../../../ghost-site/config';
import { replaceGhostConfig } from '../../../ghost-site/config-file';
import { textOf } from '../../../ghost-site/config-text';
import { warningOfReadableSecrets } from '../../../ghost-site/readable-secrets';
import { Failure } from '../../../shell/failure';
import type { Terminal } from '../../../shell/terminal';

/** Options of the adapter, by name. */
type GhostOptions = Record<string, unknown>;

/** What became of options that Ghost is to get. */
export interface WrittenOptions {
  /** The part of Ghost's configuration with them, unless it is in the file. */
  ghostConfig?: object;
  configFile?: string;
  /** Path of the file's previous version; undefined when nothing has changed in it. */
  backup?: string;
}

/**
 * Reads the adapter's options in Ghost's configuration file.
 *
 * @throws Failure when it has none, or those of another image server than the stack's
 */
export function readGhostOptions(file: string, stack: Stack): GhostOptions {
  const settings = settingsFileAt(file);
  const options = storageOf(settings.own(settings.text()))[ADAPTER];
  const { Domain: domain = '' } = stack.parameters;
  if (!isObject(options)) {
    throw new Failure(
      `--write-config: ${file} has no block ${ADAPTER} to change.`,
      `Name the configuration file of the blog that uses ${domain}, or write the block first: provision --domain ${domain} --write-config ${file}`,
    );
  }
  const { cdnUrl } = options;
  if (typeof cdnUrl !== 'string' || hostOf(cdnUrl) !== domain) {
    throw new Failure(
      `--write-config: ${file} belongs to another image server than ${domain}: its "cdnUrl" names ${typeof cdnUrl === 'string' ? hostOf(cdnUrl) : 'none'}.`,
      'Name the configuration file of the blog that uses this image server, or its stack with --domain or --stack-name.',
    );
  }
  return options;
}

/** Without the rest of the URL, which may hold a password. */
const hostOf = (url: string) => {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `https://${url}`;
  return URL.canParse(absolute) ? new URL(absolute).hostname.replace(/\.$/, '') : 'no host';
};

/**
 * Writes options of the adapter into Ghost's configuration file, and leaves everything else in it as it is; without a
 * file, prints them.
 *
 * @param file undefined to print them
 * @param isInResult whether the command prints them with its result: they are secrets, and the error output is often kept
 * @throws Failure when the file cannot be written
 */
export function writeOptions(
  terminal: Terminal,
  file: string | undefined,
  options: GhostOptions,
  isInResult = false,
): WrittenOptions {
  const ghostConfig = { storage: { [ADAPTER]: options } };
  if (file === undefined) {
    terminal.say(`In Ghost's configuration (config.production.json), replace these options of ${ADAPTER}:`);
    terminal.say(isInResult ? 'They are in the JSON result.' : JSON.stringify(ghostConfig, null, 2));
    return { ghostConfig };
  }
  const settings = settingsFileAt(file);
  const text = settings.text();
  const place = [...storagePlace(settings.own(text)), ADAPTER];
  const values = Object.entries(options).map(([name, value]) => [[...place, name], value] as const);
  const backup = replaceGhostConfig(file, settings.withValues(text, values), text);
  const warning = warningOfReadableSecrets(file, textOf(file));
  if (warning !== undefined) {
    terminal.warn(warning);
  }
  terminal.say(
    backup === undefined
      ? `${file} is already up to date.`
      : `${file} was changed (${Object.keys(options).join(' and ')}). Your previous configuration is saved as ${backup}.`,
  );
  return { configFile: file, backup };
}

/** Like `writeOptions`, but prints the options when the file cannot be written, because nothing else has them. */
export function writeOrPrintOptions(
  terminal: Terminal,
  file: string | undefined,
  options: GhostOptions,
  isInResult?: boolean,
): WrittenOptions {
  try {
    return writeOptions(terminal, file, options, isInResult);
  } catch (error) {
    const { message } = error as Error;
    terminal.warn(error instanceof Failure ? message : `${file} could not be written (${message}).`);
    process.exitCode = 1;
    return writeOptions(terminal, undefined, options, isInResult);
  }
}
