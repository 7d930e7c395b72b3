import { isObject, parsedValue, settingsOfEnvironment } from '../config';
import type { Setting } from '../edit-config';
import type { SettingsFile } from '../settings-file';
import type { ComposeGhost } from './compose-ghost';
import { withoutVariables, withVariables, writtenVariables } from './env-file';

/**
 * Returns the settings in an env file of a Ghost that runs with Docker Compose.
 *
 * @param envFile one of the service's env files; undefined when it has none
 * @param named a backup of it, which is read instead
 */
export function envSettings(ghost: ComposeGhost, envFile: string | undefined, named = envFile): SettingsFile {
  const file = named ?? ghost.composeFile;
  const secretIn = (inContainer: string, variable: string) => ghost.secretIn(inContainer, variable);
  const ownVariables = (text: string) => ghost.ownVariables(text, envFile, file);
  return {
    file,
    format: 'env',
    isWritable: envFile !== undefined,
    above: {
      name: `The service ${ghost.name} in ${ghost.composeFile} ("environment" or another env file)`,
      cure: 'Remove these variables there, or from the override file that sets them, and run the command again.',
    },
    text: () => (named === undefined ? '' : ghost.textOf(file)),
    own: (text) => settingsOfEnvironment(ownVariables(text), secretIn),
    seen: (text) =>
      settingsOfEnvironment(
        envFile === undefined
          ? { ...ownVariables(text), ...ghost.variables() }
          : ghost.variables(new Map([[envFile, text]])),
        secretIn,
      ),
    withValues: (text, settings) => settings.reduce((current, setting) => withSetting(current, setting, file), text),
    withoutValues: (text, places) => {
      const prefixes = places.map((place) => place.join('__'));
      const names = [...writtenVariables(text, file).keys()].filter((name) =>
        prefixes.some((prefix) => name === prefix || name === `${prefix}_FILE` || name.startsWith(`${prefix}__`)),
      );
      return withoutVariables(text, names, file);
    },
  };
}

/**
 * Writes each value of a setting, and removes variables that would replace it: one for a secret's file, or for a part
 * of its path.
 */
function withSetting(text: string, [place, value]: Setting, file: string): string {
  const variables = variablesOf(place, value);
  const values = writtenVariables(text, file);
  const replaced = variables.flatMap(([name]) => {
    const parts = name.split('__');
    const above = parts.slice(1, -1).map((_, index) => parts.slice(0, index + 2).join('__'));
    return [`${name}_FILE`, ...above.filter((other) => !isObject(parsedValue(values.get(other) ?? '{}')))];
  });
  return withVariables(withoutVariables(text, replaced, file), variables, file);
}

/**
 * Returns a setting as environment variables: `storage__media__adapter`.
 *
 * @param value objects become several variables
 * @see https://docs.ghost.org/config#running-ghost-with-config-env-variables
 */
function variablesOf(place: readonly string[], value: unknown): [name: string, value: string][] {
  if (isObject(value)) {
    return Object.entries(value).flatMap(([name, inner]) => variablesOf([...place, name], inner));
  }
  // Ghost parses what looks like JSON: a number as a name has to keep its quotes.
  const isText = typeof value === 'string' && parsedValue(value) === value;
  return value === undefined ? [] : [[place.join('__'), isText ? value : JSON.stringify(value)]];
}
