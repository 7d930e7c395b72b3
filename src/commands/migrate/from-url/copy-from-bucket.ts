import path from 'node:path';
import { CopyObjectCommand } from '@aws-sdk/client-s3';
import type { Feature } from '../../../core/features';
import { encodePath } from '../../../core/object-keys';
import { retry } from '../../../core/retry';
import { Bucket } from '../../../core/s3/bucket';
import { connect } from '../../../core/s3/client';
import { isNotFound } from '../../../core/s3/errors';
import { Failure } from '../../../shell/failure';
import { type ListedObject, Listing } from '../listing';
import { inParallel } from '../parallel';
import { headersOf, isImageSize, keyOfFile, type FeatureLocation } from '../feature-location';
import type { ReportLine } from '../report';
import { MEMORY_BYTES, recordOutcome, type Run, TRANSFER_RETRIES } from '../run';
import { explainOrThrow } from '../errors';
import { digestOfObject } from '../same-content';

/** The old bucket. */
export interface Source {
  bucket: string;
  /** Where it is not that of the new one. */
  region?: string;
  /** What its keys begin with, `blog/`; '' for all. */
  prefix: string;
}

/** What Ghost takes for media and for pictures; everything else is a file. Some adapters kept all in one folder. */
const MEDIA = /\.(mp4|webm|ogv|mp3|wav|ogg|m4a)$/i;
const IMAGES = /\.(jpe?g|gif|png|svgz?|ico|webp|avif|heic|heif)$/i;

/**
 * Copies the objects of an old bucket to where the adapter looks for them, inside S3: no byte comes here. Objects of
 * older adapters, whose keys begin with the year, become `content/images/…`, `content/media/…` or `content/files/…`.
 *
 * @throws Failure for what keeps all objects from being copied
 */
export async function copyFromBucket(run: Run, locations: FeatureLocation[], source: Source): Promise<void> {
  const { settings, stopping } = run;
  const { config } = locations[0] as FeatureLocation;
  if (source.bucket === config.bucket && source.prefix === '') {
    throw new Failure(`--from-bucket is the bucket itself, ${source.bucket}.`, 'Name the bucket of the old adapter.');
  }
  const oldConfig = { ...config, bucket: source.bucket, region: source.region ?? config.region };
  const listing = new Listing(oldConfig, new Bucket(oldConfig), source.prefix, stopping.signal);
  const objects = async function* () {
    for await (const page of listing.pages()) {
      for (const object of page) {
        const target = targetOf(locations, object.key.slice(source.prefix.length));
        const isFolder = object.key.endsWith('/') && object.bytes === 0;
        if (!isFolder && !(settings.skipSizes && isImageSize(target.location, target.path))) {
          run.progress.found(1, object.bytes);
          yield { object, ...target };
        }
      }
    }
  };
  const limits = { concurrency: settings.concurrency, memoryBytes: MEMORY_BYTES };
  await inParallel(
    objects(),
    limits,
    stopping,
    () => 0,
    async ({ object, location, path: relativePath }) => {
      const outcome = await copy(run, location, relativePath, source, object);
      if (outcome) {
        await recordOutcome(run, { path: `${location.feature}/${relativePath}`, bytes: object.bytes, ...outcome });
      }
    },
  );
}

/** Where an object belongs, by its key below the old prefix. */
function targetOf(locations: FeatureLocation[], oldKey: string): { location: FeatureLocation; path: string } {
  const [, feature, rest] = /^content\/(images|media|files)\/(.+)$/s.exec(oldKey) ?? [];
  const wanted: Feature =
    (feature as Feature) ?? (MEDIA.test(oldKey) ? 'media' : IMAGES.test(oldKey) ? 'images' : 'files');
  return {
    location: locations.find((location) => location.feature === wanted) as FeatureLocation,
    path: rest ?? oldKey,
  };
}

type CopyOutcome = Pick<ReportLine, 'key' | 'result' | 'verified' | 'error'>;

/** @returns undefined when the run was stopped in the middle */
async function copy(
  run: Run,
  location: FeatureLocation,
  relativePath: string,
  source: Source,
  object: ListedObject,
): Promise<CopyOutcome | undefined> {
  const { settings, stopping } = run;
  let key: string;
  try {
    key = keyOfFile(location, relativePath);
  } catch (error) {
    return { result: 'refused', error: (error as Error).message };
  }
  const oldLocation = oldLocationOf(location, source);
  try {
    const there = await headOf(location, key);
    if (there) {
      const isSame =
        there.bytes === object.bytes &&
        (there.etag === object.etag || (await isSameObject(run, location, key, oldLocation, object.key)));
      if (isSame) {
        return { key, result: 'present' };
      }
      if (!settings.overwrite) {
        return { key, result: 'conflict', error: 'the bucket holds something else under this key' };
      }
    }
    if (settings.dryRun) {
      return { key, result: there ? 'to-overwrite' : 'to-copy' };
    }
    await copyObject(run, location, key, relativePath, source, object, !there);
    const result = there ? 'overwritten' : 'copied';
    if (!settings.verify) {
      return { key, result };
    }
    return (await isSameObject(run, location, key, oldLocation, object.key))
      ? { key, result, verified: true }
      : { key, result: 'failed', error: 'the copy is not the same' };
  } catch (error) {
    if (stopping.signal.aborted) {
      return undefined;
    }
    return { key, result: 'failed', error: wordsOfCopy(error, location, key, source) };
  }
}

/** As `wordsOf`; a copy is refused in the same words whichever of the two buckets does not allow it. */
function wordsOfCopy(error: unknown, location: FeatureLocation, key: string, { bucket }: Source): string {
  try {
    return explainOrThrow(error, location, 'PutObject', key);
  } catch (failure) {
    const { message, cure } = failure as Failure;
    throw new Failure(message, `${cure}\nA copy also needs s3:GetObject on the objects of "${bucket}".`, {
      cause: failure,
    });
  }
}

const oldLocationOf = (location: FeatureLocation, { bucket, region }: Source): FeatureLocation => {
  const config = { ...location.config, bucket, region: region ?? location.config.region };
  return { ...location, config, bucket: new Bucket(config) };
};

async function headOf({ bucket }: FeatureLocation, key: string): Promise<{ bytes: number; etag: string } | undefined> {
  try {
    const { ContentLength = 0, ETag = '' } = await bucket.head(key);
    return { bytes: ContentLength, etag: ETag.replaceAll('"', '') };
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw bucket.explain(error, 'HeadObject', key);
  }
}

async function isSameObject(
  { stopping }: Run,
  location: FeatureLocation,
  key: string,
  oldLocation: FeatureLocation,
  oldKey: string,
): Promise<boolean> {
  const [one, other] = await Promise.all([
    digestOfObject(location, key, stopping.signal),
    digestOfObject(oldLocation, oldKey, stopping.signal),
  ]);
  return one === other;
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
async function copyObject(
  { stopping }: Run,
  location: FeatureLocation,
  key: string,
  relativePath: string,
  source: Source,
  object: ListedObject,
  onlyIfFree: boolean,
): Promise<void> {
  const { client } = await connect(location.config);
  const command = () =>
    new CopyObjectCommand({
      Bucket: location.config.bucket,
      Key: key,
      CopySource: `${source.bucket}/${encodePath(object.key)}`,
      CopySourceIfMatch: object.etag,
      IfNoneMatch: onlyIfFree ? '*' : undefined,
      MetadataDirective: 'REPLACE',
      ...headersOf(location, path.posix.normalize(relativePath)),
    });
  const copyOnce = () => client.send(command(), { abortSignal: stopping.signal });
  await retry(copyOnce, { ...TRANSFER_RETRIES, signal: stopping.signal });
}
