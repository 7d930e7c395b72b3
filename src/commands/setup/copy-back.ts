import { ADAPTER } from '../../core/features';
import { readAdapterConfigs } from '../../ghost-site/adapter-config';
import { isObject, storageOf } from '../../ghost-site/config';
import { countFiles } from '../../ghost-site/count-files';
import type { GhostSite, GhostSiteOptions } from '../../ghost-site/site';
import { siteParameters } from '../../ghost-site/site-parameters';
import { ownCommand } from '../../shell/called-as';
import { Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { removedConfig } from '../install/config-restore';
import { refuseEmptyBucket } from '../migrate/empty-bucket';
import { locationsOf } from '../migrate/feature-location';
import { migrateSite } from '../migrate/migrate-site';
import { readMigrateSettings } from '../migrate/settings';
import { showSummary } from '../migrate/summary';

/**
 * Copies the files of the blog from the bucket to the disk. Existing files are left as they are.
 *
 * @param isUnused whether Ghost does not use the bucket, or no longer does
 * @throws Failure when a file could not be copied, or when the bucket that Ghost uses is empty although `setup` copied
 *   files to it
 */
export async function copyBack(
  terminal: Terminal,
  site: GhostSite,
  { content }: GhostSiteOptions,
  isUnused: boolean,
): Promise<void> {
  const settings = readMigrateSettings({});
  const configs = readAdapterConfigs(site.config, {}, site.configFile);
  const summary = await migrateSite(terminal, site, configs, settings, { toLocal: true, content });
  // A bucket may be empty before files are copied to it, and after Ghost uses the disk again.
  if (summary.files === 0 && !isUnused && (await countFiles(site)).files > 0) {
    await refuseEmptyBucket(locationsOf(configs), settings, site, terminal.signal).catch((error: unknown) => {
      throw error instanceof Failure ? withOptionsOf(error, site) : error;
    });
  }
  showSummary(terminal, { toLocal: true }, settings, summary);
  if (!summary.complete) {
    const failure = new Failure(
      `Some files could not be copied back. They are listed above.${isUnused ? '' : ' Nothing else was changed.'}`,
      'Fix the problem, and run the same command again.',
    );
    throw withOptionsOf(failure, site);
  }
}

/** Adds the command that has the options in the words of a failure, since `setup` does not have them. */
const withOptionsOf = ({ message, cure }: Failure, site: GhostSite): Failure =>
  new Failure(message, `${cure}\nThe options above belong to another command: ${copyBackCommand(site)}`);

/** Returns the command that copies the files back, even when only a backup of Ghost's configuration has the options. */
export function copyBackCommand(site: GhostSite): string {
  const configFile = fileWithOptions(site);
  return ownCommand(`migrate --to-local${siteParameters({ ...site, configFile })}`, {
    reads: [configFile],
    writes: [site.contentPath],
  });
}

function fileWithOptions({ configFile, settings }: GhostSite): string {
  try {
    const hasOptions = isObject(storageOf(settings.seen(settings.text()))[ADAPTER]);
    return (hasOptions ? undefined : removedConfig(settings)?.file) ?? configFile;
  } catch (error) {
    if (error instanceof Failure) {
      // The command itself reports the problem.
      return configFile;
    }
    throw error;
  }
}
