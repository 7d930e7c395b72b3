import { findLocation } from '../../../core/location/find-location';
import { type FileToRead, sourceOfFile } from '../../../core/location/source';
import { Bucket } from '../../../core/s3/bucket';
import { storedFile } from '../../../ghost-site/stored-file';
import type { DoctorContext } from '../context';
import type { StoredImage } from './image-sample';

/** How often (64 KiB each) an image is read. The metadata of a JPEG is at its beginning, that of a PNG may be anywhere. */
const MAX_READS = 8;

/** How many images to read at a time. */
const AT_A_TIME = 8;

/**
 * Looks through the metadata of images in the bucket.
 *
 * @returns by key, whether an image contains the location where it was taken; without those that could not be read, or
 *   only by reading much of them
 */
export async function lookThrough(context: DoctorContext, images: StoredImage[]): Promise<Map<string, boolean>> {
  const bucket = new Bucket(context.configOf('images'));
  const { signal } = context;
  const found = new Map<string, boolean>();
  const rest = [...images];
  const lookAtNext = async (): Promise<void> => {
    for (let image = rest.shift(); image; image = rest.shift()) {
      signal.throwIfAborted();
      const file = withFewReads(storedFile(bucket, image, { pausesMs: [0], signal }));
      const edits = await findLocation(sourceOfFile(file)).catch(() => undefined);
      if (edits) {
        found.set(image.key, edits.length > 0);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lookAtNext));
  return found;
}

function withFewReads(file: FileToRead): FileToRead {
  let reads = 0;
  return {
    size: file.size,
    fill: (buffer, position) => {
      reads += 1;
      return reads > MAX_READS ? Promise.reject(new Error('too many reads')) : file.fill(buffer, position);
    },
  };
}
