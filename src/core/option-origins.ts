// Tells errors where the adapter's options come from.

/** Where a command has found options. Ghost itself reads the environment and its configuration, and does not say from which file. */
export interface Origins {
  /** The flags that were given, by option: `{ bucket: '--bucket' }`. They come before everything else. */
  flags: Partial<Record<string, string>>;
  /** Ghost's configuration file, where there is one. */
  file?: string;
  /** Where the credentials come from when the options have none: variables of Ghost's container. */
  credentials?: string;
}

let origins: Origins = { flags: {} };

/** Tells all later errors where the options of this command come from. */
export function setOrigins(found: Origins): void {
  origins = found;
}

/** Tells all later errors where the credentials of this command come from, in place of its environment. */
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

/** A wrong option may have the name of something that every object has. */
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
