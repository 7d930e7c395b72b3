import { type Feature, FEATURES, isServedFromDisk } from '../core/features';
import type { Content } from './content-place';
import { featureDisks } from './feature-disk';
import { filesBelow } from './local-files';

/** How long (ms) to count when the caller sets no limit. A million files on a fast disk take about 10 s. */
const TIME_LIMIT_MS = 15_000;

/** A number of files, and their size. */
export interface FileCount {
  files: number;
  bytes: number;
}

/** The files of a site on the disk, which `migrate` would upload. */
export interface SiteFiles extends FileCount {
  /** The same by feature. */
  features: Record<Feature, FileCount>;
  /** Whether everything was counted. Otherwise there was not enough time, and there are more. */
  isComplete: boolean;
}

/**
 * Counts the images, media and files in a content folder, image sizes among them. Hidden and temporary files, and those
 * that cannot be read, are left out. No file is opened.
 *
 * If root runs it, it changes the rights of the process for moments. Nothing else should read files in the meantime.
 *
 * @param content a folder that does not exist has no files
 * @param limits `signal` ends the counting, `timeLimitMs` is the time to count
 * @returns what was counted by then
 * @throws Failure as `featureDisks` does
 */
export async function countFiles(
  content: Content,
  { signal, timeLimitMs = TIME_LIMIT_MS }: { signal?: AbortSignal; timeLimitMs?: number } = {},
): Promise<SiteFiles> {
  const endsAt = performance.now() + timeLimitMs;
  const disks = featureDisks(content);
  const features = Object.fromEntries(FEATURES.map((feature) => [feature, { files: 0, bytes: 0 }])) as Record<
    Feature,
    FileCount
  >;
  let isComplete = true;
  for (const feature of FEATURES) {
    const count = features[feature];
    for await (const batch of filesBelow(disks[feature], (folder) => isServedFromDisk(feature, folder))) {
      for (const entry of batch) {
        if (entry.kind === 'file') {
          count.files += 1;
          count.bytes += entry.bytes;
        }
      }
      if (signal?.aborted || performance.now() > endsAt) {
        isComplete = false;
        break;
      }
    }
  }
  const sum = (unit: keyof FileCount) => FEATURES.reduce((total, feature) => total + features[feature][unit], 0);
  return { files: sum('files'), bytes: sum('bytes'), features, isComplete };
}
