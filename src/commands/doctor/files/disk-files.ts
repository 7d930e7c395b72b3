import { encodePath, type ObjectKeys } from '../../../core/object-keys';
import type { FeatureDisk } from '../../../ghost-site/feature-disk';
import { filesBelow } from '../../../ghost-site/local-files';
import { type Feature, isServedFromDisk } from '../../../core/features';
import type { Tally } from './tally';

/** A file that has to be in the bucket. */
export interface DiskFile {
  /** With the feature, as users know it: `images/2026/11/photo.jpg`. */
  name: string;
  key: string;
  bytes: number;
}

/** Image sizes, which Ghost creates again where they are missing. */
const SIZES = 'size/';

/** A file that comes with Ghost. */
const README = 'images/README.md';

/**
 * Finds the files of a feature that have to be in the bucket, in the order of their keys. No file is opened.
 *
 * @param disk the folder of the feature; undefined where there is no Ghost on this machine
 * @param given `unusable` counts the files that cannot be read or stored
 * @throws AbortError after an abort of `signal`
 */
export async function* diskFiles(
  feature: Feature,
  disk: FeatureDisk | undefined,
  { keys, unusable, signal }: { keys: ObjectKeys; unusable: Tally; signal: AbortSignal },
): AsyncGenerator<DiskFile, void> {
  const isLeftOut = (folder: string) =>
    isServedFromDisk(feature, folder) || (feature === 'images' && folder.startsWith(SIZES));
  for await (const batch of disk ? filesBelow(disk, isLeftOut) : []) {
    signal.throwIfAborted();
    for (const entry of batch) {
      const name = `${feature}/${entry.path}`;
      if (entry.kind === 'ignored' || name === README) {
        continue;
      }
      const key = entry.kind === 'file' ? keyOf(keys, entry.path) : undefined;
      if (entry.kind === 'refused' || key === undefined) {
        unusable.add(entry.kind === 'refused' ? `${name} (${entry.reason})` : name);
      } else {
        yield { name, key, bytes: entry.bytes };
      }
    }
  }
}

/** @returns undefined for a name that the adapter refuses */
function keyOf(keys: ObjectKeys, relativePath: string): string | undefined {
  try {
    return keys.toKeyOfRequest(encodePath(relativePath));
  } catch {
    return undefined;
  }
}
