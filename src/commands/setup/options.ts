import type { GhostSiteOptions } from '../../ghost-site/site';

/** The command-line options of `setup`. */
export interface SetupOptions extends GhostSiteOptions {
  domain?: string;
  region?: string;
  profile?: string;
  hostedZone?: string;
  identity?: string;
  /** A shell command. */
  restart?: string;
  undo?: boolean;
  yes?: boolean;
}
