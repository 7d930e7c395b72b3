import { findLocation } from '../../../core/location/find-location';
import { sourceOfBytes } from '../../../core/location/source';
import { ObjectKeys } from '../../../core/object-keys';
import { Bucket } from '../../../core/s3/bucket';
import type { DoctorContext } from '../context';
import { networkCodeOf } from '../../../core/network-code';
import { statusText } from '../network';
import { cacheStatusOf } from '../cache-status';
import type { StoredImage } from './image-sample';

/** One of the blog's images, as the CDN sends it. */
export interface OwnImage {
  url: string;
  /** Whether it is a size that Ghost has created. */
  isSize: boolean;
  /** In the bucket. */
  bytes: number;
  /** Undefined when there was no answer. */
  status?: number;
  /** The Content-Type. */
  type?: string;
  /** `Hit from cloudfront` */
  cacheStatus?: string;
  /** How long (ms) the answer took, until its last byte. */
  ms: number;
  /** Whether the CDN sends it with the location where it was taken. */
  hasLocation?: boolean;
  /** The problem with it. */
  problem?: { kind: 'forbidden' | 'missing' | 'type' | 'length' | 'status' | 'network'; found: string };
}

/** Widths that Ghost's themes use. The bucket may contain one of them. */
const WIDTHS = [600, 1000, 300];

/**
 * Requests an image and one of its sizes in the bucket, if there is one.
 *
 * @returns the results of both
 */
export async function fetchWithSize(context: DoctorContext, image: StoredImage): Promise<OwnImage[]> {
  const config = context.configOf('images');
  const keys = new ObjectKeys(config);
  const size = await findSize(new Bucket(config), keys, image);
  const found: OwnImage[] = [];
  for (const stored of [image, ...(size ? [size] : [])]) {
    const request = { url: keys.toUrl(stored.key), isSize: stored === size, bytes: stored.bytes };
    found.push(await fetchImage(context, request));
  }
  return found;
}

async function findSize(bucket: Bucket, keys: ObjectKeys, { key }: StoredImage): Promise<StoredImage | undefined> {
  for (const width of WIDTHS) {
    const sizeKey = keys.keyOf(`size/w${width}/${keys.pathOf(key)}`);
    // A size about which S3 says nothing counts as unknown.
    const answer = await bucket.head(sizeKey).catch(() => undefined);
    if (answer) {
      return { key: sizeKey, bytes: answer.ContentLength ?? 0 };
    }
  }
  return undefined;
}

async function fetchImage(
  context: DoctorContext,
  request: Pick<OwnImage, 'url' | 'isSize' | 'bytes'>,
): Promise<OwnImage> {
  const startedAt = performance.now();
  const ms = () => Math.round(performance.now() - startedAt);
  try {
    const answer = await context.get(request.url);
    const { status, headers, body } = answer;
    const type = headers['content-type'];
    const image = { ...request, status, type, cacheStatus: cacheStatusOf(headers), ms: ms() };
    const hasLocation = status === 200 ? (await findLocation(sourceOfBytes(body))).length > 0 : undefined;
    return { ...image, hasLocation, problem: problemOf(statusText(answer), image, body.length) };
  } catch (error) {
    context.signal.throwIfAborted();
    return { ...request, ms: ms(), problem: { kind: 'network', found: `no answer, ${networkCodeOf(error)}` } };
  }
}

function problemOf(shown: string, { status, type, bytes }: OwnImage, length: number): OwnImage['problem'] {
  if (status !== 200) {
    const kind = status === 403 ? 'forbidden' : status === 404 ? 'missing' : 'status';
    return { kind, found: `the answer is ${shown}` };
  }
  if (!type?.startsWith('image/')) {
    return { kind: 'type', found: `sent as ${type ?? 'a file without a type'}` };
  }
  return length === bytes ? undefined : { kind: 'length', found: `${length} bytes instead of ${bytes}` };
}
