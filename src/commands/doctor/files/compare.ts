import { type Feature, isServedFromDisk } from '../../../core/features';
import { ObjectKeys } from '../../../core/object-keys';
import { Bucket } from '../../../core/s3/bucket';
import { isTransient } from '../../../core/s3/errors';
import { Listing } from '../../../ghost-site/bucket-listing';
import { knownContent } from '../../../ghost-site/content-place';
import { type FeatureDisk, featureDisks } from '../../../ghost-site/feature-disk';
import type { DoctorContext } from '../context';
import { diskFiles } from './disk-files';
import { ImageSample, type StoredImage } from './image-sample';
import { compareInStep } from './list-in-step';
import { lookUpSample } from './look-up';
import { Outcome } from './outcome';

/** When a page of a listing is requested again, in addition to the SDK's own retries. */
const PAUSES_MS = [0, 1_000, 3_000];

/** Larger images are not requested from the CDN: they would show nothing more, and take long. */
const MAX_REQUESTED_BYTES = 10 * 1024 * 1024;

/** How many images are looked through for the location where they were taken. Of each, only a part is read. */
const LOCATION_COUNT = 50;

/** The start of the paths of image sizes. */
const SIZES = 'size/';

/** A site's files on the disk, compared with the objects in the bucket. */
export interface Comparison {
  outcome: Outcome;
  /** Why the bucket could not be compared as a whole; then some files were looked up one by one. */
  notListed?: string;
  /** Some of the blog's images in the bucket, to request them from the CDN. */
  images: ImageSample;
  /** Some more of them, to look at their metadata. */
  metadata: ImageSample;
}

/** Where the files of a feature are: in the bucket and, with a Ghost on this machine, on the disk. */
interface Place {
  feature: Feature;
  bucket: Bucket;
  keys: ObjectKeys;
  disk?: FeatureDisk;
}

/**
 * Compares the files on the disk with the bucket, by names and sizes, once for all checks that need it. It reads both in
 * the order of the keys, so that its memory does not depend on their number.
 *
 * @throws Failure when the folders cannot be used, and for an answer that is not a listing
 */
export function compareFiles(context: DoctorContext): Promise<Comparison> {
  return context.once('files', async () => {
    const comparison: Comparison = {
      outcome: new Outcome(),
      images: new ImageSample(context.imageCount, MAX_REQUESTED_BYTES),
      metadata: new ImageSample(LOCATION_COUNT, Infinity),
    };
    const { site } = context;
    const disks = site && knownContent(site) !== undefined ? featureDisks(site) : undefined;
    for (const feature of context.features) {
      const config = context.configOf(feature);
      const place = { feature, bucket: new Bucket(config), keys: new ObjectKeys(config), disk: disks?.[feature] };
      await compareFeature(comparison, place, context.signal);
    }
    return comparison;
  });
}

async function compareFeature(comparison: Comparison, place: Place, signal: AbortSignal): Promise<void> {
  const { feature, bucket, keys, disk } = place;
  const filesFor = ({ unusable }: Outcome) => diskFiles(feature, disk, { keys, unusable, signal });
  const offer = ({ key, bytes }: StoredImage) => {
    const path = keys.pathOf(key);
    if (feature === 'images' && !path.startsWith(SIZES) && !isServedFromDisk(feature, path)) {
      comparison.images.offer(path, { key, bytes });
      comparison.metadata.offer(path, { key, bytes });
    }
  };
  const retries = { pausesMs: PAUSES_MS, isTransient, signal };
  const prefix = `${keys.keyOf('')}/`;
  const listing = new Listing({ bucket, config: bucket.config }, prefix, retries, `${prefix}${SIZES}`);
  const listed = new Outcome();
  try {
    if (await compareInStep(filesFor(listed), listing, { outcome: listed, offer })) {
      comparison.outcome.addAll(listed);
      return;
    }
    comparison.notListed = 'the service does not list the bucket in the order of the keys';
  } catch (error) {
    if (!isForbidden(error)) {
      throw error;
    }
    comparison.notListed = 'Ghost may not list the bucket';
  }
  const lookedUp = new Outcome();
  await lookUpSample(bucket, filesFor(lookedUp), { outcome: lookedUp, offer, signal });
  comparison.outcome.addAll(lookedUp);
}

const isForbidden = (error: unknown): boolean =>
  ((error as Error).cause as { errorType?: string } | undefined)?.errorType === 'NoPermissionError';
