import { withGhostConfig } from '../../ghost-site/edit-config';
import type { GhostSite } from '../../ghost-site/site';
import { planConfigChange } from '../install/config-change';
import { supportedMajor } from '../install/preconditions';
import type { Journey } from './journey';

/** Returns the site as it will be after the switch, so that everything can be tested before. */
export function plannedSite({ site, block }: Pick<Journey, 'site' | 'block'>): GhostSite {
  const { settings } = site;
  const text = withGhostConfig(settings.text(), block, settings);
  const { config } = planConfigChange({ text, settings, major: supportedMajor(site) }, {});
  // The paths of a container are translated to this machine.
  return { ...site, config: { ...config, paths: site.config.paths } };
}
