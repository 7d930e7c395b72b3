import { findGhostSite, type GhostSiteOptions } from '../../ghost-site/site';
import { openTerminal } from '../../shell/terminal';
import type { ConfigOptions } from './config-change';
import { install } from './install';
import { printManualSetup } from './print';
import { uninstall } from './uninstall';

export interface InstallOptions extends GhostSiteOptions, ConfigOptions {
  print?: boolean;
  uninstall?: boolean;
  yes?: boolean;
  json?: boolean;
}

/** Runs `install`, `install --uninstall` or `install --print`. */
export async function runInstall(options: InstallOptions): Promise<void> {
  const terminal = openTerminal(options);
  if (options.print) {
    printManualSetup(terminal, options);
  } else if (options.uninstall) {
    await uninstall(terminal, findGhostSite(options), options);
  } else {
    await install(terminal, findGhostSite(options), options);
  }
}
