import { compareKeys } from '../../../core/key-order';
import type { Bucket } from '../../../core/s3/bucket';
import { statusOf } from '../../../core/foreign-error';
import { isNotFound } from '../../../core/s3/errors';
import type { DiskFile } from './disk-files';
import type { Outcome } from './outcome';

/** How many files to look up where the bucket cannot be listed. */
const MAX_LOOK_UPS = 30;

/**
 * Looks up some of the files one by one: the first, the last and random ones.
 *
 * @throws the adapter's explanation of an error that is neither a missing object nor a missing permission
 */
export async function lookUpSample(
  bucket: Bucket,
  files: AsyncIterable<DiskFile>,
  { outcome, offer, signal }: { outcome: Outcome; offer: (image: DiskFile) => void; signal: AbortSignal },
): Promise<void> {
  const sample: DiskFile[] = [];
  let last: DiskFile | undefined;
  for await (const file of files) {
    outcome.onDisk += 1;
    const place = sample.length < MAX_LOOK_UPS ? sample.length : Math.floor(Math.random() * outcome.onDisk);
    // The first one stays.
    if (place < MAX_LOOK_UPS && (place > 0 || sample.length === 0)) {
      sample[place] = file;
    }
    last = file;
  }
  const chosen = [...new Set([...sample, ...(last ? [last] : [])])];
  for (const file of chosen.sort((one, other) => compareKeys(one.key, other.key))) {
    signal.throwIfAborted();
    outcome.lookedUp += 1;
    try {
      const { ContentLength = 0 } = await bucket.head(file.key, {}, signal);
      outcome.compare(file, { bytes: ContentLength });
      offer({ ...file, bytes: ContentLength });
    } catch (error) {
      if (isNotFound(error)) {
        outcome.compare(file, undefined);
      } else if (statusOf(error) === 403) {
        // Without s3:ListBucket, this is also S3's answer for an object that does not exist.
        outcome.unanswered += 1;
      } else {
        throw bucket.explain(error, 'HeadObject', file.key);
      }
    }
  }
}
