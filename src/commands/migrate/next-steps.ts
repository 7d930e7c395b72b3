import { ADAPTER, FEATURES } from '../../core/features';
import { adapterOf, storageOf } from '../../ghost-site/config';
import type { GhostSite } from '../../ghost-site/site';
import { ownCommand } from '../../shell/called-as';
import type { Terminal } from '../../shell/terminal';
import { parametersOf } from './same-command';
import type { MigrateOptions } from './settings';

/**
 * Shows the next command after the files were copied to the bucket: `install`, or `doctor` when Ghost already uses it.
 */
export function showNextSteps(terminal: Terminal, site: GhostSite, options: MigrateOptions): void {
  const { configFile, contentPath, config } = site;
  const storage = storageOf(config);
  const parameters = parametersOf(site, options);
  const next = FEATURES.every((feature) => adapterOf(storage, feature) === ADAPTER)
    ? `${ownCommand(`doctor${parameters}`, { reads: [configFile] })}   (checks that everything works)`
    : `${ownCommand(`install${parameters}`, { writes: [configFile, contentPath] })}   (configures Ghost to use the bucket)`;
  terminal.say(`Next:\n  ${next}`);
}
