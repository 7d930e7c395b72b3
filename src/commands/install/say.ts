import { lstatSync, realpathSync } from 'node:fs';
import type { SettingsFile } from '../../ghost-site/settings-file';
import type { Terminal } from '../../shell/terminal';
import { configDiff } from './config-diff';

/** Shows the change of a configuration file before the user is asked for consent. */
export function showConfigChange(
  terminal: Terminal,
  { file, format }: SettingsFile,
  before: string,
  after: string,
): void {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) {
    terminal.say(`${file} is a link to ${realpathSync(file)}. The command changes that file.`);
  }
  configDiff(file, before, after, terminal.colors, format).forEach((line) => terminal.say(line));
}

/** Prints the next steps after the adapter was installed or removed. */
export function showNextSteps(terminal: Terminal, steps: string[]): void {
  terminal.say();
  terminal.say('Next:');
  steps.forEach((step) => terminal.say(`  ${step}`));
}

/** Warns about what Ghost 5 does without `urls`. */
export function warnOfGhost5(terminal: Terminal): void {
  terminal.warn(
    'Ghost 5 does not support "urls", so the command does not set them: new posts contain full CDN URLs, and srcset repeats the\n' +
      '  original image. After an update to Ghost 6, run the command again to add them.',
  );
}

/** Says which posts still need the CDN after the adapter is removed. */
export function sayWhichAddressesStay(terminal: Terminal): void {
  terminal.say(
    'Posts that were written with Ghost 5, or without "urls", contain full CDN URLs. Keep the CDN as long as these posts are online.',
  );
}
