import { ADAPTER } from '../../core/features';
import { isObject, storageOf } from '../../ghost-site/config';
import { findGhostSite } from '../../ghost-site/site';
import type { Journey } from './journey';

/** Writes the options of the adapter into Ghost's configuration, which does not use them yet. */
export async function writeOptions({ terminal, options, block, change }: Journey): Promise<void> {
  // A run that was stopped may have written them.
  const present = storageOf(findGhostSite(options).config)[ADAPTER];
  const wanted = block.storage.S3CloudFrontStorage;
  if (isObject(present) && Object.entries(wanted).every(([name, value]) => present[name] === value)) {
    terminal.say(`${terminal.colors.green('✔')} They are already there.`);
    return;
  }
  await change({ do: 'write', block });
  terminal.say(`${terminal.colors.green('✔')} Written.`);
}
