import { findGhostSite, type GhostSiteOptions } from '../../ghost-site/site';
import { openTerminal } from '../../shell/terminal';
import { install, type InstallOptions } from './install';
import { printManualSetup } from './print';
import { uninstall } from './uninstall';

/** The options of the command line. */
export interface InstallCommandOptions extends GhostSiteOptions, InstallOptions {
  print?: boolean;
  uninstall?: boolean;
}

/** Runs `install`, `install --uninstall` or `install --print`. */
export async function runInstall(options: InstallCommandOptions): Promise<void> {
  const terminal = openTerminal(options);
  if (options.print) {
    printManualSetup(terminal, options);
  } else if (options.uninstall) {
    await uninstall(terminal, findGhostSite(options), options);
  } else {
    await install(terminal, findGhostSite(options), options);
  }
}
