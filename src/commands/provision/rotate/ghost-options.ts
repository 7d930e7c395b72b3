import { ADAPTER } from '../../../core/features';
import type { Stack } from '../../../aws/stack-state';
import { settingsFileAt } from '../../../ghost-site/compose/compose-site';
import { isObject, storageOf, storagePlace } from '../../../ghost-site/config';
import { replaceGhostConfig } from '../../../ghost-site/config-file';
import { textOf } from '../../../ghost-site/config-text';
import { warningOfReadableSecrets } from '../../../ghost-site/readable-secrets';
import { Failure } from '../../../shell/failure';
import type { Terminal } from '../../../shell/terminal';

/** Options of the adapter, by name. */
type GhostOptions = Record<string, unknown>;

/** Where the new options for Ghost were written to. */
export interface WrittenOptions {
  /** The part of Ghost's configuration with the options, unless it was written to the file. */
  ghostConfig?: object;
  configFile?: string;
  /** Path of the file's previous version; undefined when the file was not changed. */
  backup?: string;
}

/**
 * Reads the adapter's options from Ghost's configuration file.
 *
 * @throws Failure when there are none, or when they are for another image server
 */
export function readGhostOptions(file: string, stack: Stack): GhostOptions {
  const settings = settingsFileAt(file);
  const options = storageOf(settings.own(settings.text()))[ADAPTER];
  const { Domain: domain = '' } = stack.parameters;
  if (!isObject(options)) {
    throw new Failure(
      `--write-config: ${file} has no options for ${ADAPTER}.`,
      `Use the configuration file of the blog that uses ${domain}, or write the options first: provision --domain ${domain} --write-config ${file}`,
    );
  }
  const { cdnUrl } = options;
  if (typeof cdnUrl !== 'string' || hostOf(cdnUrl) !== domain) {
    throw new Failure(
      `--write-config: ${file} is not for the image server ${domain}. Its "cdnUrl" is for ${typeof cdnUrl === 'string' ? hostOf(cdnUrl) : 'none'}.`,
      'Use the configuration file of the blog that uses this image server, or choose the other image server with --domain or --stack-name.',
    );
  }
  return options;
}

/** Returns the host of a URL, without the rest, which may contain a password. */
const hostOf = (url: string) => {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `https://${url}`;
  return URL.canParse(absolute) ? new URL(absolute).hostname.replace(/\.$/, '') : 'no host';
};

/**
 * Writes options of the adapter to Ghost's configuration file without changing anything else in it, or prints them.
 *
 * @param file undefined to print the options
 * @param isInResult whether the command's result contains the options. Then they are not printed here, because they are
 *   secrets, and the error output often goes to a log.
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
    terminal.say(`Replace these options of ${ADAPTER} in Ghost's configuration (config.production.json):`);
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

/** Writes options like `writeOptions`, but prints them if that fails, because they are stored nowhere else. */
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
