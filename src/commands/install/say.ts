import { existsSync, lstatSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { GhostSite } from '../../ghost-site/site';
import type { Terminal } from '../../shell/terminal';
import { quoted } from '../../shell/text';
import { configDiff } from './config-diff';

/** Shows the change of a configuration file before the user is asked for consent. */
export function showConfigChange(terminal: Terminal, file: string, before: string, after: string): void {
  if (lstatSync(file).isSymbolicLink()) {
    terminal.say(`${file} is a link to ${realpathSync(file)}, which is changed.`);
  }
  configDiff(file, before, after, terminal.colors).forEach((line) => terminal.say(line));
}

/** Prints the next steps after the adapter was installed or removed. */
export function showNextSteps(terminal: Terminal, steps: string[]): void {
  terminal.say();
  terminal.say('Next:');
  steps.forEach((step) => terminal.say(`  ${step}`));
}

export function warnOfGhost5(terminal: Terminal): void {
  terminal.warn(
    'Ghost 5 does not know "urls", so they are left out: new posts hold the full addresses of the CDN, and srcset repeats\n' +
      '  the original. After an update to Ghost 6, run the command again: it adds them.',
  );
}

/** Returns how to restart Ghost the way it was installed. */
export function restartStep({ folder }: GhostSite): string {
  if (existsSync(path.join(folder, '.ghost-cli'))) {
    return `cd ${quoted(folder)} && ghost restart`;
  }
  return process.env.GHOST_INSTALL === undefined
    ? 'restart Ghost'
    : 'docker compose restart ghost   (docker compose up -d, where compose.yaml has changed)';
}
