import { createHash, type Hash } from 'node:crypto';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { applyEdits, type Edit } from '../../core/location/source';
import { retry } from '../../core/retry';
import { connect } from '../../core/s3/client';
import { endedBy } from '../../core/s3/ended-by';
import { TRANSFER_RETRIES } from './run';
import { contentDecoders, isEncodingProblem } from './content-encoding';
import type { ListedObject } from '../../ghost-site/bucket-listing';
import { lookUp } from './listing';
import { digestOfFile, forEachPiece, type LocalContent } from './local-content';
import type { FeatureLocation } from './feature-location';

const MIB = 1024 * 1024;

/** The part sizes (MiB) that other programs use for multipart uploads. */
const USUAL_PARTS_MIB = [5, 6, 8, 10, 15, 16, 25, 32, 50, 64, 100, 128, 256, 512];

/**
 * Downloads an object, and returns its SHA-256 in hexadecimal digits.
 *
 * @param options `decoded`: whether to decode its Content-Encoding, as a browser does; `edits`: what to change in it
 */
export function digestOfObject(
  { bucket }: Pick<FeatureLocation, 'bucket'>,
  key: string,
  signal: AbortSignal,
  { decoded = false, edits = [] }: { decoded?: boolean; edits?: readonly Edit[] } = {},
): Promise<string> {
  const digest = async () => {
    const { Body, ContentEncoding } = await bucket.get(key);
    const hash = createHash('sha256');
    let position = 0;
    const taking = new Writable({
      write: (piece: Buffer, _, done) => {
        applyEdits(piece, position, edits);
        position += piece.length;
        hash.update(piece);
        done();
      },
    });
    await pipeline([Body, ...(decoded ? contentDecoders(ContentEncoding, key) : []), taking], { signal });
    return hash.digest('hex');
  };
  return retry(digest, { ...TRANSFER_RETRIES, signal });
}

/**
 * Finds the version of a file that an object has. Usually the ETag is enough: it is the MD5 of an object that was
 * stored in one request, or the MD5 of the parts' MD5s after a multipart upload. When none matches (the content is
 * different, the object is encrypted with SSE-KMS, or its part size is unknown), the object's checksum decides, or its
 * bytes if it has no checksum.
 *
 * @param versions of one file, all of the same length, such as with and without its location
 * @returns undefined when the object has other content
 * @throws the SDK's error, or the disk's when the file cannot be read
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export async function findSameContent(
  location: FeatureLocation,
  versions: readonly [LocalContent, ...LocalContent[]],
  object: Pick<ListedObject, 'key' | 'bytes' | 'etag'>,
  signal: AbortSignal,
): Promise<LocalContent | undefined> {
  const found =
    (await findSameBytes(location, versions, object, signal)) ??
    (await findDecoded(location, versions, object, signal));
  versions[0].file.assertUnchanged();
  return found;
}

/** Returns the version that is the decoded content of an object that is stored with a Content-Encoding. */
async function findDecoded(
  location: FeatureLocation,
  versions: readonly LocalContent[],
  { key }: Pick<ListedObject, 'key'>,
  signal: AbortSignal,
): Promise<LocalContent | undefined> {
  const { answer } = (await lookUp(location.bucket, key, signal)) ?? {};
  try {
    if (contentDecoders(answer?.ContentEncoding, key).length === 0) {
      return undefined;
    }
    const digest = await digestOfObject(location, key, signal, { decoded: true });
    return await findAsync(versions, async (local) => digest === (await digestOfFile(local, 'sha256')));
  } catch (error) {
    if (isEncodingProblem(error)) {
      return undefined;
    }
    throw error;
  }
}

async function findSameBytes(
  location: FeatureLocation,
  versions: readonly [LocalContent, ...LocalContent[]],
  { key, bytes, etag }: Pick<ListedObject, 'key' | 'bytes' | 'etag'>,
  signal: AbortSignal,
): Promise<LocalContent | undefined> {
  if (bytes !== versions[0].bytes) {
    return undefined;
  }
  const [, parts] = /^[\da-f]{32}(?:-(\d+))?$/i.exec(etag) ?? [];
  const hasEtag = async (local: LocalContent) =>
    parts === undefined ? etag === (await digestOfFile(local, 'md5')) : isOfParts(location, local, etag, +parts);
  const found = await findAsync(versions, hasEtag);
  if (found) {
    return found;
  }
  const checksum = await checksumOf(location, key, signal);
  if (checksum !== undefined && 'crc32' in zlib) {
    return findAsync(versions, async (local) => checksum === (await crc32Of(local)));
  }
  const digest = await digestOfObject(location, key, signal);
  return findAsync(versions, async (local) => digest === (await digestOfFile(local, 'sha256')));
}

async function findAsync<T>(items: readonly T[], isWanted: (item: T) => Promise<boolean>): Promise<T | undefined> {
  for (const item of items) {
    if (await isWanted(item)) {
      return item;
    }
  }
  return undefined;
}

/** Returns whether an ETag belongs to the file when it is uploaded in parts of a usual size. */
async function isOfParts(
  { config }: FeatureLocation,
  local: LocalContent,
  etag: string,
  count: number,
): Promise<boolean> {
  const sizes = [
    config.multipartChunkSizeBytes,
    ...USUAL_PARTS_MIB.map((mib) => mib * MIB),
    Math.ceil(local.bytes / count),
  ];
  const fitting = [...new Set(sizes)].filter((size) => Math.ceil(local.bytes / size) === count);
  for (const size of fitting) {
    if (`${await digestOfParts(local, size)}-${count}` === etag) {
      return true;
    }
  }
  return false;
}

/** Returns the MD5 of the MD5s of all parts. */
async function digestOfParts(local: LocalContent, partBytes: number): Promise<string> {
  const all = createHash('md5');
  let part: Hash = createHash('md5');
  let room = partBytes;
  await forEachPiece(local, (piece) => {
    for (let rest = piece; rest.length > 0;) {
      const taken = rest.subarray(0, room);
      part.update(taken);
      rest = rest.subarray(taken.length);
      room -= taken.length;
      if (room === 0) {
        all.update(part.digest());
        part = createHash('md5');
        room = partBytes;
      }
    }
  });
  if (room < partBytes) {
    all.update(part.digest());
  }
  return all.digest('hex');
}

/** Returns the CRC32 of an object in Base64, if S3 has one for the whole object. */
async function checksumOf({ config }: FeatureLocation, key: string, signal: AbortSignal): Promise<string | undefined> {
  const { sdk, client } = await connect(config);
  const head = () =>
    client.send(
      endedBy(new sdk.HeadObjectCommand({ Bucket: config.bucket, Key: key, ChecksumMode: 'ENABLED' }), signal),
    );
  const { ChecksumCRC32 } = await retry(head, { ...TRANSFER_RETRIES, signal });
  // A checksum of a multipart upload ends with the number of parts, as an ETag does.
  return ChecksumCRC32?.includes('-') ? undefined : ChecksumCRC32;
}

async function crc32Of(local: LocalContent): Promise<string> {
  let crc = 0;
  await forEachPiece(local, (piece) => void (crc = zlib.crc32(piece, crc)));
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}
