// Records where the adapter's options come from, for errors.

/**
 * Where a command has found options. Ghost itself reads the environment and its configuration, but does not say which
 * file.
 */
export interface Origins {
  /** The flags that were given, by option: `{ bucket: '--bucket' }`. They override everything else. */
  flags: Partial<Record<string, string>>;
  /** Ghost's configuration file, where there is one. */
  file?: string;
  /** Where the credentials come from when the options have none: variables of Ghost's container. */
  credentials?: string;
}

let origins: Origins = { flags: {} };

/** Sets where the options of this command come from, for all later errors. */
export function setOrigins(found: Origins): void {
  origins = found;
}

/** Sets where the credentials of this command come from, if not from its environment, for all later errors. */
export function setOriginOfCredentials(place: string): void {
  origins.credentials = place;
}

/** Returns where the credentials come from, undefined for the environment of this process. */
export const originOfCredentials = (): string | undefined => origins.credentials;

/**
 * Returns the environment variable that sets an option, as Ghost reads it.
 *
 * @see https://docs.ghost.org/config#running-ghost-with-config-env-variables
 */
export function variableOf(option: string, environment: NodeJS.ProcessEnv): string | undefined {
  const isOfOption = new RegExp(`^(adapters__)?storage__.*__${option}(__\\d+)?(_FILE)?$`);
  return Object.keys(environment).find((name) => isOfOption.test(name));
}

/** Looks up own properties only: an unknown option may be called `constructor`. */
const flagOf = (option: string): string | undefined =>
  Object.hasOwn(origins.flags, option) ? origins.flags[option] : undefined;

/** Returns the flag or the environment variable that sets an option; undefined when it is in the configuration. */
export const originOf = (option: string): string | undefined => flagOf(option) ?? variableOf(option, process.env);

/** Returns the configuration file in which options are, or its block. */
export const configurationName = (): string => origins.file ?? 'the configuration of S3CloudFrontStorage';

/** Returns where an option has to be changed, for the end of a sentence: ` in /var/www/ghost/config.production.json`. */
export function whereToSet(option: string): string {
  const origin = originOf(option);
  return origin ? `, which comes from ${origin}` : ` in ${configurationName()}`;
}

/** Returns the option together with the flag, variable or file that sets it. */
export function placeOf(option: string): string {
  const flag = flagOf(option);
  const variable = variableOf(option, process.env);
  return flag ?? (variable ? `"${option}" (the variable ${variable})` : `"${option}" in ${configurationName()}`);
}

/** Returns how to correct options where they come from, for the end of an error. */
export function howToCorrect(options: string[]): string {
  const places = options.map(
    (option) => originOf(option) ?? `the block "storage" → "S3CloudFrontStorage" in ${configurationName()}`,
  );
  const isOfCommand = places.every((place) => place.startsWith('--'));
  return `Correct ${[...new Set(places)].join(' and ')} and ${isOfCommand ? 'run the command' : 'start Ghost'} again.`;
}
