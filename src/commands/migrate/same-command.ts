import { givenAdapterOptions, givenFlags } from '../../ghost-site/options';
import type { GhostSite } from '../../ghost-site/site';
import { siteParameters } from '../../ghost-site/site-parameters';
import { type Needs, ownCommand } from '../../shell/called-as';
import { quoted } from '../../shell/text';
import type { MigrateOptions } from './settings';

/** Returns the options for another command to find the same site and bucket, each after a space. */
export function parametersOf(site: GhostSite, options: MigrateOptions): string {
  const flags = givenFlags(options);
  const adapter = Object.entries(givenAdapterOptions(options)).map(([name, value]) =>
    value === true ? ` ${flags[name]}` : ` ${flags[name]} ${quoted(String(value))}`,
  );
  return siteParameters(site) + adapter.join('');
}

/** Returns the command line to run this command again, with `sudo` if the needs require it. */
export function sameCommand(site: GhostSite, options: MigrateOptions, needs: Needs): string {
  const { toLocal, stripLocation, profile } = options;
  // Without this option, images would be uploaded with their location.
  const way = toLocal ? ' --to-local' : stripLocation ? ' --strip-location' : '';
  const identity = profile === undefined ? '' : ` --profile ${quoted(profile)}`;
  return ownCommand(`migrate${way}${parametersOf(site, options)}${identity}`, needs);
}
