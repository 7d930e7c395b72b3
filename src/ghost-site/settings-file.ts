import { type GhostConfig, readGhostConfig, settingsOfEnvironment, withSettings } from './config';
import { jsonTextOf } from './config-text';
import { type Setting, withoutValues, withValues } from './edit-config';

/** The file that Ghost's settings are written to: its JSON configuration, or an env file of its container. */
export interface SettingsFile {
  file: string;
  format: 'json' | 'env';
  /** False for a container without an env file, whose settings are all in its Compose file. */
  isWritable: boolean;
  /** What overrides it, and how to change that, for errors. */
  above: { name: string; cure: string };
  /** Returns the text of the file, empty when it does not exist. */
  text(): string;
  /** Returns the settings in a text of the file alone. */
  own(text: string): GhostConfig;
  /**
   * Returns the configuration as Ghost sees it with this text of the file, which other settings override or complete.
   */
  seen(text: string): GhostConfig;
  /**
   * Returns the text with these settings, and everything else unchanged.
   *
   * @throws Failure when the file cannot hold them
   */
  withValues(text: string, settings: readonly Setting[]): string;
  /** Returns the text without these settings. Missing ones are skipped. */
  withoutValues(text: string, places: readonly (readonly string[])[]): string;
}

/**
 * Returns Ghost's JSON configuration.
 *
 * @param ofEnvironment Ghost's settings in its environment, which override those of the file
 */
export function jsonSettings(
  file: string,
  ofEnvironment: () => GhostConfig = () => settingsOfEnvironment(process.env),
): SettingsFile {
  return {
    file,
    format: 'json',
    isWritable: true,
    above: {
      name: 'The environment',
      cure: 'Remove these variables where Ghost gets its environment (compose.yaml, the systemd unit). If only this shell has them, run\nthe command without them. If you want all settings in the environment, --print shows what to set.',
    },
    text: () => jsonTextOf(file),
    own: (text) => readGhostConfig(text, file),
    seen: (text) => withSettings(readGhostConfig(text, file), ofEnvironment()),
    withValues,
    withoutValues,
  };
}
