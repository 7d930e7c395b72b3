import { setFlagsFromString } from 'node:v8';
import { readAdapterConfigs } from '../../ghost-site/adapter-config';
import { assertChosenContent } from '../../ghost-site/chosen-paths';
import { findGhostSite, isFolder } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import { openTerminal } from '../../shell/terminal';
import { migrateFromUrl } from './from-url/from-url';
import { featureDisks } from './feature-disk';
import { locationsOf } from './feature-location';
import { runSteps, type Run } from './run';
import { type MigrateOptions, readMigrateSettings } from './settings';
import { showSummary } from './summary';
import { migrateToBucket } from './to-bucket';
import { migrateToLocal } from './to-local';

/** Runs `migrate`. */
export async function runMigrate(options: MigrateOptions): Promise<void> {
  const settings = readMigrateSettings(options);
  // Otherwise the garbage of many small requests would triple the memory before it is collected.
  setFlagsFromString('--heap-growing-percent=80');
  if (options.toLocal && options.fromUrl !== undefined) {
    throw new Failure('--to-local and --from-url are two different ways.', 'Take one of them.');
  }
  const site = findGhostSite(options);
  const configs = readAdapterConfigs(site.config, options, site.configFile);
  if (options.profile !== undefined) {
    process.env.AWS_PROFILE = options.profile;
  }
  const terminal = openTerminal(options);
  const locations = locationsOf(site.contentPath, configs);
  if (options.fromUrl !== undefined) {
    return migrateFromUrl(terminal, options, { settings, site, locations, fromUrl: options.fromUrl });
  }

  const where = `the bucket ${configs.images.bucket}`;
  const [from, to] = options.toLocal ? [where, site.contentPath] : [site.contentPath, where];
  terminal.say(`From ${from} to ${to}${settings.dryRun ? ': a dry run, nothing is changed' : ''}`);
  assertChosenContent(site, options.content);
  if (!options.toLocal && !isFolder(site.contentPath)) {
    throw new Failure(
      `The content folder ${site.contentPath} does not exist or is not a folder.`,
      'Set it with --content, or run the command on the machine where Ghost runs.',
    );
  }
  const disks = featureDisks(site.contentPath, locations);
  const migrateFeature = options.toLocal ? migrateToLocal : migrateToBucket;
  const steps = disks.map(
    ({ location, disk }) =>
      (run: Run) =>
        migrateFeature(run, location, disk),
  );
  const summary = await runSteps(terminal, options, settings, steps);
  if (options.json) {
    terminal.result({ dryRun: settings.dryRun, ...summary });
  } else {
    showSummary(terminal, options, settings, summary);
  }
  process.exitCode = summary.complete ? 0 : 1;
}
