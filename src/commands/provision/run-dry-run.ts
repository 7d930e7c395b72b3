import { dryRun } from './dry-run';
import { checkRegion, namedRegion } from './aws/region';
import { checkAccessKeyWish, type ProvisionOptions, readSettings } from './settings';
import { checkGhostConfigFile } from '../../ghost-site/config-file';
import { openTerminal } from '../../shell/terminal';

/** `provision --dry-run`: loads nothing of AWS. */
export function runDryRun(options: ProvisionOptions): void {
  const settings = readSettings(options);
  checkAccessKeyWish(settings);
  if (options.writeConfig !== undefined) {
    checkGhostConfigFile(options.writeConfig);
  }
  const { region, setting } = namedRegion(options.region);
  if (region) {
    checkRegion(region, setting);
  }
  const terminal = openTerminal(options);
  const { lines, steps, template } = dryRun(settings, region, terminal.colors);
  if (options.json) {
    terminal.result({ domain: settings.domain, stackName: settings.stackName, region, steps, template });
  } else {
    lines.forEach((line) => terminal.say(line));
  }
}
