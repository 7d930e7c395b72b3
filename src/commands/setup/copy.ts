import { readAdapterConfigs } from '../../ghost-site/adapter-config';
import { siteParameters } from '../../ghost-site/site-parameters';
import { ownCommand } from '../../shell/called-as';
import { Failure } from '../../shell/failure';
import { migrateSite } from '../migrate/migrate-site';
import { readMigrateSettings } from '../migrate/settings';
import { showSummary } from '../migrate/summary';
import type { Journey } from './journey';
import { plannedSite } from './planned-site';

/**
 * Copies the files of the blog to the bucket. Existing files are left as they are.
 *
 * @param isSwitched whether Ghost already uses the bucket
 * @throws Failure when a file could not be copied
 */
export async function copyFiles(journey: Journey, isSwitched: boolean): Promise<void> {
  const { terminal, options } = journey;
  const site = plannedSite(journey);
  const settings = readMigrateSettings({});
  const configs = readAdapterConfigs(site.config, {}, site.configFile);
  const summary = await migrateSite(terminal, site, configs, settings, { content: options.content });
  showSummary(terminal, {}, settings, summary);
  if (!summary.complete) {
    throw new Failure(
      `Some files could not be copied. They are listed above. Ghost ${isSwitched ? 'uses the bucket' : 'was not switched over'}.`,
      `Fix the problem, and run the same command again to copy the rest.\nThe options above belong to another command: ${ownCommand(`migrate${siteParameters(journey.site)}`)}`,
    );
  }
}
