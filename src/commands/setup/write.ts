import { ADAPTER } from '../../core/features';
import { OPTIONS_OF_THE_SERVER } from '../../ghost-site/edit-config';
import { isObject, storageOf } from '../../ghost-site/config';
import { findGhostSite } from '../../ghost-site/site';
import { refuseOtherBucket } from './fitness';
import type { Journey } from './journey';

/**
 * Writes the options of the adapter into Ghost's configuration.
 *
 * @param beforeWriting is called when they are not there yet
 * @returns whether it was changed
 * @throws Failure where Ghost already uses another bucket
 */
export async function writeOptions(
  { terminal, options, site, block, change }: Journey,
  beforeWriting: () => void,
): Promise<boolean> {
  // A run that was stopped may have written them.
  const present = storageOf(findGhostSite(options).config)[ADAPTER];
  const wanted = block.storage.S3CloudFrontStorage;
  if (
    isObject(present) &&
    Object.entries(wanted).every(([name, value]) => present[name] === value) &&
    OPTIONS_OF_THE_SERVER.every((name) => name in wanted || !(name in present))
  ) {
    terminal.say(`${terminal.colors.green('✔')} They are already there.`);
    return false;
  }
  refuseOtherBucket(site, wanted);
  beforeWriting();
  await change({ do: 'write', block });
  terminal.say(`${terminal.colors.green('✔')} Written.`);
  return true;
}
