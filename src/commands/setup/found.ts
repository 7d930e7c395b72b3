import { existsSync } from 'node:fs';
import { Resolver as DnsResolver } from 'node:dns/promises';
import path from 'node:path';
import { detectHost, type Host } from '../../aws/host';
import { listProfiles } from '../../aws/profiles';
import { findRegion } from '../../aws/find-region';
import { countFiles, type SiteFiles } from '../../ghost-site/count-files';
import type { GhostSite } from '../../ghost-site/site';
import type { Owner } from '../../shell/owner-rights';
import { ownerOf, wayTo } from '../../shell/path-owners';
import type { Terminal } from '../../shell/terminal';
import { findUser } from '../../shell/users';
import { dnsProviderOf } from './dns-provider';
import type { SetupOptions } from './options';

/** What `setup` finds out without asking. */
export interface Found {
  site: GhostSite;
  /** How Ghost was installed: `Ghost-CLI`. */
  kind: string;
  /** The name of the user who owns the content folder, which is the user that Ghost runs as. */
  user?: string;
  files: SiteFiles;
  /** The AWS service that this machine is part of. */
  host?: Host;
  /** The DNS provider of the blog, where DNS shows it. */
  dnsProvider?: string;
  /** The names of the profiles in the AWS configuration. */
  profiles: string[];
  /** The region that the AWS configuration names. */
  region?: string;
  /** A domain for the images next to that of the blog: `images.example.com`. */
  domain?: string;
}

/** Examines Ghost, its files, this machine, DNS and the AWS configuration. */
export async function lookAround(
  terminal: Terminal,
  site: GhostSite,
  options: Pick<SetupOptions, 'region' | 'profile'>,
): Promise<Found> {
  return terminal.step('Looking at this Ghost', async () => {
    const blog = site.config.url !== undefined && URL.canParse(site.config.url) ? new URL(site.config.url) : undefined;
    const resolver = new DnsResolver({ timeout: 2_000, tries: 2 });
    return {
      site,
      kind: kindOf(site),
      // A container has users of its own.
      user: site.compose ? undefined : nameOf(ownerOf(wayTo(site.contentPath))),
      files: await countFiles(site, { signal: terminal.signal }),
      dnsProvider: blog && (await dnsProviderOf(resolver, blog.hostname)),
      host: await detectHost(),
      profiles: await listProfiles(),
      region: await findRegion(options).catch(() => undefined),
      domain: blog && domainNextTo(blog.hostname),
    };
  });
}

/** Returns a domain for images next to that of a blog; undefined when the blog's host is an IP address. */
function domainNextTo(host: string): string | undefined {
  const isDomain = host.includes('.') && !/^[\d.]+$|:/.test(host);
  return isDomain ? `images.${host.replace(/^(www|blog)\./, '')}` : undefined;
}

function kindOf({ folder, compose }: GhostSite): string {
  if (compose) {
    return 'Docker Compose';
  }
  return existsSync(path.join(folder, '.ghost-cli')) ? 'Ghost-CLI' : 'installed by hand';
}

/** Returns a user's name on this machine. */
const nameOf = (owner: Owner) => findUser(({ uid }) => uid === owner.uid)?.name;
