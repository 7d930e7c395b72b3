import { ADAPTER } from '../../core/features';
import { OPTIONS_OF_THE_SERVER } from '../../ghost-site/edit-config';
import { isObject, storageOf } from '../../ghost-site/config';
import { findGhostSite, type GhostSiteOptions } from '../../ghost-site/site';
import { refuseOtherBucket } from './fitness';
import type { Journey } from './journey';

/**
 * Writes the options of the adapter into Ghost's configuration.
 *
 * @param steps `beforeWriting` is called when they are not written yet, `discardKey` when a new access key was not
 *   written
 * @returns whether the configuration was changed
 * @throws Failure where Ghost already uses another bucket, or the file cannot be written
 */
export async function writeOptions(
  { terminal, options, site, block, change }: Journey,
  { beforeWriting, discardKey }: { beforeWriting: () => void; discardKey?: () => Promise<void> },
): Promise<boolean> {
  const wanted = block.storage.S3CloudFrontStorage;
  let isBegun = false;
  try {
    if (hasOptions(options, wanted)) {
      terminal.say(`${terminal.colors.green('✔')} They are already written.`);
      return false;
    }
    refuseOtherBucket(site, wanted);
    beforeWriting();
    isBegun = true;
    await change({ do: 'write', block });
  } catch (error) {
    if (!isBegun || !isWritten(options, wanted)) {
      await discardKey?.();
    }
    throw error;
  }
  terminal.say(`${terminal.colors.green('✔')} Written.`);
  return true;
}

/** Whether the configuration has exactly these options. A run that was stopped may have written them. */
function hasOptions(options: GhostSiteOptions, wanted: Record<string, string>): boolean {
  const present = storageOf(findGhostSite(options).config)[ADAPTER];
  return (
    isObject(present) &&
    Object.entries(wanted).every(([name, value]) => present[name] === value) &&
    OPTIONS_OF_THE_SERVER.every((name) => name in wanted || !(name in present))
  );
}

/** Whether the configuration has the access key. If the configuration cannot be read, it may have it. */
function isWritten(options: GhostSiteOptions, { accessKeyId }: Record<string, string>): boolean {
  try {
    const block = storageOf(findGhostSite(options).config)[ADAPTER];
    return isObject(block) && block.accessKeyId === accessKeyId;
  } catch {
    return true;
  }
}
