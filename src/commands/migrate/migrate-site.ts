import type { AdapterConfigs } from '../../ghost-site/adapter-config';
import type { AdapterOptions } from '../../ghost-site/options';
import type { GhostSite } from '../../ghost-site/site';
import type { Terminal } from '../../shell/terminal';
import { checkContent } from './content-checks';
import { locationsOf } from './feature-location';
import type { Summary } from './report';
import { type Run, runSteps, type Step } from './run';
import type { MigrateOptions, MigrateSettings } from './settings';
import { inSmallHeap } from './small-heap';
import { countToBucket, migrateToBucket } from './to-bucket';
import { countToLocal, migrateToLocal } from './to-local';
import { assertWritable } from './writable-folders';

/** The command-line options of `migrate` that a transfer between disk and bucket needs. */
export type SiteTransfer = Pick<
  MigrateOptions,
  'toLocal' | 'stripLocation' | 'content' | 'report' | 'profile' | keyof AdapterOptions
>;

/**
 * Transfers all images, media and files of a site from the disk to the bucket, or back with `toLocal`. It shows the
 * progress; showing the result and setting the exit code are up to the caller.
 *
 * @param settings result of `readMigrateSettings`
 * @param options `content` is the content folder if the user set it, `report` the file for a line of JSON per file; the
 *   others are for repeating the command line in messages
 * @returns the results; `complete` tells whether every file was transferred
 * @throws Failure for an error that would affect all files, Interruption after Ctrl-C
 */
export async function migrateSite(
  terminal: Terminal,
  site: GhostSite,
  configs: AdapterConfigs,
  settings: MigrateSettings,
  options: SiteTransfer,
): Promise<Summary> {
  const disks = await checkContent(site, options);
  const places = locationsOf(configs).map((location) => ({ location, disk: disks[location.feature] }));
  const migrateFeature = options.toLocal ? migrateToLocal : migrateToBucket;
  const countFeature = options.toLocal ? countToLocal : countToBucket;
  const steps: Step[] = places.map(({ location, disk }) => ({
    count: (run) => countFeature(run, location, disk),
    transfer: (run) => migrateFeature(run, location, disk),
  }));
  const prepare = async (run: Run) => {
    if (options.toLocal && !settings.dryRun) {
      await assertWritable(run, places, site, options);
    }
  };
  return inSmallHeap(() => runSteps(terminal, options, settings, steps, prepare));
}
