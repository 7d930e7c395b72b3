import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import { retry } from '../../core/retry';
import { connect } from '../../core/s3/client';
import { TRANSFER_RETRIES } from './run';
import type { ListedObject } from './listing';
import type { FeatureLocation } from './feature-location';

const MIB = 1024 * 1024;

/** Sizes of parts that other programs upload with, in MiB, beside the adapter's own. */
const USUAL_PARTS_MIB = [5, 8, 10, 15, 16, 25, 32, 50, 64, 100, 128, 256, 512];

/** A file on the disk, and its bytes where they are in memory already. */
export interface LocalContent {
  file: string;
  bytes: number;
  content?: Buffer;
}

/** @returns the MD5 or SHA-256 of a file, in hexadecimal digits */
export async function digestOfFile(local: LocalContent, algorithm: 'md5' | 'sha256'): Promise<string> {
  const hash = createHash(algorithm);
  await forEachPiece(local, (piece) => void hash.update(piece));
  return hash.digest('hex');
}

/** @returns the SHA-256 of what is stored, read back byte for byte */
export function digestOfObject({ bucket }: FeatureLocation, key: string, signal: AbortSignal): Promise<string> {
  const digest = async () => {
    const { Body } = await bucket.get(key);
    const hash = createHash('sha256');
    await pipeline(
      Body,
      async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) {
          hash.update(piece);
        }
      },
      { signal },
    );
    return hash.digest('hex');
  };
  return retry(digest, { ...TRANSFER_RETRIES, signal });
}

/**
 * Whether a file and an object hold the same bytes. The listing tells mostly: the ETag of what was stored in one request
 * is its MD5, and that of an upload in parts is made of theirs. Where it is neither (SSE-KMS, parts of unknown size, and
 * whatever differs), S3 is asked for a checksum, and for the bytes at last.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 *
 * @throws the SDK's error, or the file's when it cannot be read
 */
export async function isSameContent(
  location: FeatureLocation,
  local: LocalContent,
  { key, bytes, etag }: Pick<ListedObject, 'key' | 'bytes' | 'etag'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (bytes !== local.bytes) {
    return false;
  }
  const [, parts] = /^[\da-f]{32}(?:-(\d+))?$/i.exec(etag) ?? [];
  if (
    parts === undefined ? etag === (await digestOfFile(local, 'md5')) : await isOfParts(location, local, etag, +parts)
  ) {
    return true;
  }
  const checksum = await checksumOf(location, key, signal);
  if (checksum !== undefined && 'crc32' in zlib) {
    return checksum === (await crc32Of(local));
  }
  return (await digestOfObject(location, key, signal)) === (await digestOfFile(local, 'sha256'));
}

/** Whether an ETag comes of uploading the file in parts of the adapter's size, or of one that other programs use. */
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

/** The MD5 of the MD5s of all parts. */
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

/** S3's CRC32 of a whole object, in Base64, where it has one. */
async function checksumOf({ config }: FeatureLocation, key: string, signal: AbortSignal): Promise<string | undefined> {
  const { sdk, client } = await connect(config);
  const head = () =>
    client.send(new sdk.HeadObjectCommand({ Bucket: config.bucket, Key: key, ChecksumMode: 'ENABLED' }), {
      abortSignal: signal,
    });
  const { ChecksumCRC32 } = await retry(head, { ...TRANSFER_RETRIES, signal });
  // One of parts says how many there were, and is no checksum of the whole.
  return ChecksumCRC32?.includes('-') ? undefined : ChecksumCRC32;
}

async function crc32Of(local: LocalContent): Promise<string> {
  let crc = 0;
  await forEachPiece(local, (piece) => void (crc = zlib.crc32(piece, crc)));
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}

async function forEachPiece({ file, content }: LocalContent, take: (piece: Buffer) => void): Promise<void> {
  if (content) {
    take(content);
    return;
  }
  for await (const piece of createReadStream(file, { highWaterMark: MIB })) {
    take(piece as Buffer);
    // Hashing holds up everything else: what came in the meantime has its turn.
    await nextTurn();
  }
}
