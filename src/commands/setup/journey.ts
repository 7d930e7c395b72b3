import type { GhostConfigBlock } from '../../ghost-site/edit-config';
import type { GhostSite } from '../../ghost-site/site';
import type { Terminal } from '../../shell/terminal';
import type { Change } from './change';
import type { SetupOptions } from './options';
import type { RestartCommand } from './restart';

/** What is needed to switch Ghost over, and back. */
export interface Switchable {
  terminal: Terminal;
  options: SetupOptions;
  /** Ghost as it was found at the start. */
  site: GhostSite;
  /** `https://images.example.com` */
  cdnUrl: string;
  /** Undefined when the user has to restart Ghost. */
  restartCommand?: RestartCommand;
  /** Changes files of Ghost, as root where that is needed. */
  change: (change: Change) => Promise<void>;
}

/** The data that the stages after the build share. */
export interface Journey extends Switchable {
  /** The settings for Ghost. */
  block: GhostConfigBlock;
}
