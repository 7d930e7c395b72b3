import path from 'node:path';
import { CopyObjectCommand } from '@aws-sdk/client-s3';
import type { Config } from '../../../core/config';
import type { Feature } from '../../../core/features';
import { encodePath } from '../../../core/object-keys';
import { retry } from '../../../core/retry';
import { Bucket } from '../../../core/s3/bucket';
import { connect } from '../../../core/s3/client';
import { isNotFound } from '../../../core/s3/errors';
import { Failure } from '../../../shell/failure';
import { explainOrThrow } from '../errors';
import { type FeatureLocation, headersOf, isImageSize, keyOfFile } from '../feature-location';
import { type ListedObject, Listing, withoutFolderMarkers } from '../listing';
import { inParallel } from '../parallel';
import type { Outcome } from '../report';
import { recordOutcome, type Run, TRANSFER_RETRIES } from '../run';
import { digestOfObject } from '../same-content';
import { transferFile } from '../transfer';

/** The old bucket. */
export interface OldBucket {
  bucket: string;
  /** Left out when it is the new bucket's region. */
  region?: string;
  /** The start of the keys to copy, `blog/`; '' for all keys. */
  prefix: string;
}

/** An object of the old bucket, and where it belongs. */
interface Copy {
  object: ListedObject;
  location: FeatureLocation;
  /** Below the feature's folder, `2026/11/photo.jpg`. */
  relativePath: string;
}

/** The files that Ghost stores as media and as images. Some adapters kept all files in one folder. */
const MEDIA = /\.(mp4|webm|ogv|mp3|wav|ogg|m4a)$/i;
const IMAGES = /\.(jpe?g|gif|png|svgz?|ico|webp|avif|heic|heif)$/i;

/**
 * Copies the objects of an old bucket to the keys that the adapter uses. S3 copies them itself, so no bytes are
 * downloaded. Objects of older adapters, whose keys start with the year, become `content/images/…`, `content/media/…` or
 * `content/files/…`.
 *
 * @throws Failure for an error that all objects would meet
 */
export async function copyFromBucket(run: Run, locations: FeatureLocation[], source: OldBucket): Promise<void> {
  const { settings, stopping } = run;
  const { config } = locations[0] as FeatureLocation;
  if (source.bucket === config.bucket && source.prefix === '') {
    throw new Failure(`--from-bucket is the bucket itself, ${source.bucket}.`, 'Name the bucket of the old adapter.');
  }
  const copies = async function* (): AsyncGenerator<Copy> {
    const old = oldLocation(config, source);
    const objects = new Listing(old, source.prefix, stopping.signal);
    for await (const object of withoutFolderMarkers(objects, () => {})) {
      const copy = { object, ...targetOf(locations, object.key.slice(source.prefix.length)) };
      const isLeftOut = settings.skipSizes && isImageSize(copy.location, copy.relativePath);
      if (!isLeftOut) {
        run.progress.found(1, object.bytes);
        yield copy;
      }
    }
  };
  await inParallel(copies(), { concurrency: settings.concurrency }, stopping, async (copy) => {
    const outcome = await copyOne(run, source, copy);
    if (outcome) {
      const { object, location, relativePath } = copy;
      await recordOutcome(run, { path: `${location.feature}/${relativePath}`, bytes: object.bytes, ...outcome });
    }
  });
}

/** Returns the old bucket, to be read with a feature's own credentials and endpoint. */
function oldLocation(feature: Config, { bucket, region }: OldBucket): { config: Config; bucket: Bucket } {
  const config = { ...feature, bucket, region: region ?? feature.region };
  return { config, bucket: new Bucket(config) };
}

/** @param oldKey without the old prefix */
function targetOf(locations: FeatureLocation[], oldKey: string): Pick<Copy, 'location' | 'relativePath'> {
  const [, named, rest] = /^content\/(images|media|files)\/(.+)$/s.exec(oldKey) ?? [];
  const byType: Feature = MEDIA.test(oldKey) ? 'media' : IMAGES.test(oldKey) ? 'images' : 'files';
  const location = locations.find(({ feature }) => feature === (named ?? byType)) as FeatureLocation;
  return { location, relativePath: rest ?? oldKey };
}

/** @returns undefined when the run was stopped in the middle */
async function copyOne(run: Run, source: OldBucket, copy: Copy): Promise<(Outcome & { key?: string }) | undefined> {
  const { object, location, relativePath } = copy;
  const { signal } = run.stopping;
  let key: string;
  try {
    key = keyOfFile(location, relativePath);
  } catch (error) {
    return { result: 'refused', error: (error as Error).message };
  }
  const haveSameBytes = async () => {
    const [one, other] = await Promise.all([
      digestOfObject(location, key, signal),
      digestOfObject(oldLocation(location.config, source), object.key, signal),
    ]);
    return one === other;
  };
  const outcome = await transferFile(run, {
    result: 'copied',
    async compare() {
      const there = await headIfExists(location.bucket, key);
      if (!there) {
        return 'absent';
      }
      const isSame = there.bytes === object.bytes && (there.etag === object.etag || (await haveSameBytes()));
      return isSame ? 'same' : 'different';
    },
    async write(isNew) {
      await copyObject(signal, source, copy, key, isNew);
      return true;
    },
    verify: haveSameBytes,
    explain: (error) => explainCopyOrThrow(error, location, key, source),
    errors: { conflict: 'the bucket holds something else under this key', damaged: 'the copy is not the same' },
  });
  return outcome && { key, ...outcome };
}

/** Explains as `explainOrThrow` does. S3's refusal does not say which of the two buckets it is about. */
function explainCopyOrThrow(error: unknown, location: FeatureLocation, key: string, { bucket }: OldBucket): string {
  try {
    return explainOrThrow(error, location, 'PutObject', key);
  } catch (failure) {
    const { message, cure } = failure as Failure;
    throw new Failure(message, `${cure}\nA copy also needs s3:GetObject on the objects of "${bucket}".`, {
      cause: failure,
    });
  }
}

async function headIfExists(bucket: Bucket, key: string): Promise<{ bytes: number; etag: string } | undefined> {
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

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
async function copyObject(
  signal: AbortSignal,
  source: OldBucket,
  { object, location, relativePath }: Copy,
  key: string,
  onlyIfFree: boolean,
): Promise<void> {
  const { client } = await connect(location.config);
  const request = () =>
    client.send(
      new CopyObjectCommand({
        Bucket: location.config.bucket,
        Key: key,
        CopySource: `${source.bucket}/${encodePath(object.key)}`,
        CopySourceIfMatch: object.etag,
        IfNoneMatch: onlyIfFree ? '*' : undefined,
        MetadataDirective: 'REPLACE',
        ...headersOf(location, path.posix.normalize(relativePath)),
      }),
      { abortSignal: signal },
    );
  await retry(request, { ...TRANSFER_RETRIES, signal });
}
