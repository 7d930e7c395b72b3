import { checkChosenProfile } from '../../aws/profiles';
import { type AdapterConfigs, readAdapterConfigs } from '../../ghost-site/adapter-config';
import { whereToSet } from '../../core/option-origins';
import { signInAsContainer } from '../../ghost-site/compose/container-credentials';
import { fixForHostOfCompose } from '../../ghost-site/compose/host-of-compose';
import { findGhostSite, type GhostSite } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import { openTerminal } from '../../shell/terminal';
import { migrateFromUrl } from './from-url/from-url';
import { locationsOf } from './feature-location';
import { migrateSite } from './migrate-site';
import { showNextSteps } from './next-steps';
import { type MigrateOptions, readMigrateSettings } from './settings';
import { showSummary } from './summary';
import { refuseUnusedOptions } from './unused-options';
import { refuseEmptyBucket } from './empty-bucket';

/** Runs `migrate`. */
export async function runMigrate(options: MigrateOptions): Promise<void> {
  const settings = readMigrateSettings(options);
  refuseUnusedOptions(options);
  const site = findGhostSite(options);
  const configs = readAdapterConfigs(site.config, options, site.configFile);
  if (options.profile === undefined) {
    signInAsContainer(site);
  }
  // With an access key in the configuration, AWS_PROFILE has no effect and need not exist.
  if (options.profile !== undefined || Object.values(configs).some(({ accessKeyId }) => accessKeyId === undefined)) {
    await checkChosenProfile(options.profile);
  }
  if (options.profile !== undefined) {
    process.env.AWS_PROFILE = options.profile;
  }
  if (settings.stripLocation) {
    refuseToKeep(configs);
  }
  const terminal = openTerminal(options);
  if (options.fromUrl !== undefined) {
    const { fromUrl } = options;
    return migrateFromUrl(terminal, options, { settings, site, locations: locationsOf(configs), fromUrl });
  }

  const where = `the bucket ${configs.images.bucket}`;
  const [from, to] = options.toLocal ? [where, site.contentPath] : [site.contentPath, where];
  terminal.say(`From ${from} to ${to}${settings.dryRun ? ' (dry run: nothing is changed)' : ''}`);
  const summary = await migrateSite(terminal, site, configs, settings, options).catch((error: unknown) => {
    throw withFixForCompose(error, site, configs);
  });
  if (options.toLocal && summary.files === 0) {
    await refuseEmptyBucket(locationsOf(configs), settings, site, terminal.signal);
  }
  if (options.json) {
    terminal.result({ dryRun: settings.dryRun, ...summary });
  } else {
    showSummary(terminal, options, settings, summary);
    if (summary.complete && !options.toLocal && !settings.dryRun) {
      showNextSteps(terminal, site, options);
    }
  }
  process.exitCode = summary.complete ? 0 : 1;
}

/** @throws Failure for `--strip-location` when the adapter keeps the location of new images */
function refuseToKeep({ images }: AdapterConfigs): void {
  if (images.keepLocation) {
    throw new Failure(
      `--strip-location removes the location from images, but "keepLocation" is true${whereToSet('keepLocation')}.`,
      'Leave out --strip-location. Or remove "keepLocation" and restart Ghost, so that new images have no location either.',
    );
  }
}

/** Adds a fix for a server name that exists only in the Docker Compose network. */
function withFixForCompose(error: unknown, site: GhostSite, { images }: AdapterConfigs): unknown {
  const { errorDetails } = ((error as Error).cause ?? {}) as { errorDetails?: { code?: string } };
  const fix = error instanceof Failure ? fixForHostOfCompose(site, errorDetails?.code, images) : undefined;
  return error instanceof Failure && fix !== undefined
    ? new Failure(error.message, `${fix}\nOtherwise: ${error.cure}`, { cause: error.cause })
    : error;
}
