import { Bucket } from '../../../core/s3/bucket';
import { type ListedObject, Listing } from '../../../ghost-site/bucket-listing';
import { Failure } from '../../../shell/failure';
import { explainOrThrow } from '../errors';
import { type FeatureLocation, isImageSize, keyOfFile } from '../feature-location';
import { lookUp, withoutFolderMarkers } from '../listing';
import { inParallel } from '../parallel';
import type { Outcome } from '../report';
import { recordOutcome, type Run, type Step, TRANSFER_RETRIES } from '../run';
import { transferFile } from '../transfer';
import { encodingOf, type Target, targetOf } from './copied-file';
import { type Copying, createCopy, haveSameBytes, type OldObject } from './copy-transfer';
import { KeyOwners } from './key-owners';

/** The old bucket. */
export interface OldBucket {
  bucket: string;
  /** Undefined for the new bucket's region. */
  region?: string;
  /** The prefix of the keys to copy, `blog/`; '' for all keys. */
  prefix: string;
}

/**
 * Returns the step that copies the objects of an old bucket to the keys that the adapter uses. S3 copies them itself,
 * so nothing is downloaded. Objects of older adapters, whose keys start with the year, become `content/images/…`,
 * `content/media/…` or `content/files/…`.
 *
 * The step throws a Failure for an error that would affect all objects.
 *
 * @throws Failure when the old bucket is the new one
 */
export function copyFromBucket(locations: FeatureLocation[], source: OldBucket): Step {
  const { config } = locations[0] as FeatureLocation;
  if (source.bucket === config.bucket && source.prefix === '') {
    throw new Failure(
      `--from-bucket is ${source.bucket}, which is the new bucket.`,
      'Use the bucket of the old adapter.',
    );
  }
  const old = new Bucket({ ...config, bucket: source.bucket, region: source.region ?? config.region });
  const objects = async function* (run: Run, onMarker: (marker: ListedObject) => void | Promise<void>) {
    const listing = new Listing({ config: old.config, bucket: old }, source.prefix, {
      ...TRANSFER_RETRIES,
      signal: run.stopping.signal,
    });
    for await (const object of withoutFolderMarkers(listing, onMarker)) {
      const { location, relativePath } = targetOf(locations, object.key.slice(source.prefix.length));
      if (!run.settings.skipSizes || !isImageSize(location, relativePath)) {
        yield object;
      }
    }
  };
  return {
    async *count(run) {
      for await (const { bytes } of objects(run, () => {})) {
        yield { files: 1, bytes };
      }
    },
    async transfer(run) {
      run.startCounting();
      const { settings, stopping } = run;
      const copying = { run, locations, old, oldPrefix: source.prefix, owners: new KeyOwners() };
      const passOver = ({ key, bytes }: ListedObject) =>
        recordOutcome(run, { path: key, bytes, result: 'folder-marker' });
      await inParallel(objects(run, passOver), { concurrency: settings.concurrency }, stopping, (object) =>
        copyOne(copying, object),
      );
    },
  };
}

async function copyOne(copying: Copying, { key: oldKey, bytes }: ListedObject): Promise<void> {
  const { run, locations, old, oldPrefix } = copying;
  const { signal } = run.stopping;
  let object: OldObject | undefined;
  try {
    object = await lookUp(old, oldKey, signal);
  } catch (error) {
    if (!signal.aborted) {
      const location = { ...(locations[0] as FeatureLocation), bucket: old, config: old.config };
      const explained = explainOrThrow(error, location, 'HeadObject', oldKey);
      await recordOutcome(run, { path: oldKey, bytes, result: 'failed', error: explained });
    }
    return;
  }
  if (!object) {
    const error = 'it was deleted from the old bucket after it was listed';
    return recordOutcome(run, { path: oldKey, bytes, result: 'failed', error });
  }
  const target = targetOf(locations, oldKey.slice(oldPrefix.length), object.answer.ContentType);
  const path = `${target.location.feature}/${target.relativePath}`;
  let key: string;
  try {
    key = keyOfFile(target.location, target.relativePath);
  } catch (error) {
    return recordOutcome(run, { path, bytes, result: 'refused', error: (error as Error).message });
  }
  const outcome = (await compareWithOwner(copying, object, target, key)) ?? {
    outcome: await transferFile(run, createCopy(copying, object, target, key)),
  };
  if (outcome.outcome) {
    await recordOutcome(run, { path, key, bytes: object.bytes, ...outcome.outcome });
  }
}

/**
 * Checks whether another old object already has the same new key.
 *
 * @returns undefined when there is none; otherwise an outcome, which is undefined when the run was stopped
 */
async function compareWithOwner(
  { run, old, oldPrefix, owners }: Copying,
  object: OldObject,
  { location }: Target,
  key: string,
): Promise<{ outcome?: Outcome } | undefined> {
  const { signal } = run.stopping;
  const relativePath = key.slice(location.keyPrefix.length);
  const usual = [relativePath, `content/${location.feature}/${relativePath}`].map((path) => oldPrefix + path);
  const owner = owners.claim(key, object.key, usual);
  if (owner === object.key) {
    return undefined;
  }
  try {
    const other = await lookUp(old, owner, signal);
    const isSame = other && (await haveSameBytes({ bucket: old, object }, { bucket: old, object: other }, signal));
    return isSame && encodingOf(other.answer) === encodingOf(object.answer)
      ? { outcome: { result: 'present' } }
      : {
          outcome: {
            result: 'conflict',
            error: `"${owner}" and "${object.key}" of the old bucket have the same key in the new one`,
          },
        };
  } catch (error) {
    return signal.aborted
      ? {}
      : { outcome: { result: 'failed', error: explainOrThrow(error, location, 'GetObject', object.key) } };
  }
}
