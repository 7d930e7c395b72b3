import { setMaxListeners } from 'node:events';
import type { CompletedPart } from '@aws-sdk/client-s3';
import type { Config } from '../config';
import type { ContentHeaders } from '../content-headers';
import { contentMd5, type Bucket } from './bucket';
import { connect, isAwsEndpoint } from './client';
import { attemptsOf, isForgotten, mayBeCarriedOut, TakenError } from './errors';
import { abort, abortLost, goingOnWith, type Upload } from './unfinished-uploads';
import type { OpenedFile } from './opened-file';

/** S3's largest number of parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000;

/**
 * Uploads a large file in parts, several at a time.
 *
 * Each of the parallel senders reads its next part into the one buffer that it has, so that the memory taken is
 * `uploadConcurrency` × `multipartChunkSizeBytes` whatever the size of the file. The first part that fails for good
 * ends the others, and S3 is told to forget them all. What S3 has forgotten by itself, or knows by another ETag than it
 * told, is sent once more.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 *
 * @param size of the file in bytes
 * @param onlyIfFree has S3 refuse the completion when the key is taken by then
 * @throws the SDK's error of the first request that failed, or the file's when it could not be read
 */
export async function uploadInParts(
  config: Config,
  bucket: Bucket,
  key: string,
  file: OpenedFile,
  size: number,
  headers: ContentHeaders,
  onlyIfFree: boolean,
): Promise<void> {
  const uploadOnce = async () => {
    const upload = await begin(config, key, headers);
    try {
      await goingOnWith(upload, () => send(config, bucket, upload, file, size, onlyIfFree));
    } catch (error) {
      await abort(config, upload);
      throw error;
    }
  };
  try {
    await uploadOnce();
  } catch (error) {
    if (!isForgotten(error)) {
      throw error;
    }
    await uploadOnce();
  }
}

/** Begins an upload, and does away with those that were begun in vain for it. */
async function begin(config: Config, key: string, headers: ContentHeaders): Promise<Upload> {
  const { sdk, client } = await connect(config);
  const sentFrom = Date.now();
  try {
    const { UploadId = '', $metadata } = await client.send(
      new sdk.CreateMultipartUploadCommand({
        Bucket: config.bucket,
        Key: key,
        ...headers,
        ChecksumAlgorithm: isAwsEndpoint(config.endpoint) ? 'CRC32' : undefined,
      }),
    );
    if (attemptsOf({ $metadata }) > 1) {
      void abortLost(config, key, sentFrom, Date.now(), UploadId);
    }
    return { Key: key, UploadId };
  } catch (error) {
    if (mayBeCarriedOut(error)) {
      void abortLost(config, key, sentFrom, Date.now());
    }
    throw error;
  }
}

/** Sends all parts of an upload, and has S3 put them together. */
async function send(
  config: Config,
  bucket: Bucket,
  { Key, UploadId }: Upload,
  file: OpenedFile,
  size: number,
  onlyIfFree: boolean,
): Promise<void> {
  const { sdk, client } = await connect(config);
  const isAws = isAwsEndpoint(config.endpoint);
  const upload = { Bucket: config.bucket, Key, UploadId };

  const partSize = Math.max(config.multipartChunkSizeBytes, Math.ceil(size / MAX_PARTS));
  const parts = Array.from({ length: Math.ceil(size / partSize) }, (_, index) => ({
    PartNumber: index + 1,
    position: index * partSize,
    length: Math.min(partSize, size - index * partSize),
  }));
  const failure = new AbortController();
  // The SDK adds a listener for each attempt of each part: they go with the upload, and are no leak.
  setMaxListeners(0, failure.signal);

  const completed: CompletedPart[] = [];
  const sendParts = async () => {
    const buffer = Buffer.allocUnsafeSlow(Math.min(partSize, size));
    for (let part = parts.shift(); part && !failure.signal.aborted; part = parts.shift()) {
      const body = buffer.subarray(0, part.length);
      await file.fill(body, part.position);
      const { ETag, ChecksumCRC32 } = await client.send(
        new sdk.UploadPartCommand({
          ...upload,
          PartNumber: part.PartNumber,
          Body: body,
          // On AWS the SDK adds the checksum.
          ContentMD5: isAws ? undefined : contentMd5(body),
        }),
        { abortSignal: failure.signal },
      );
      completed.push({ PartNumber: part.PartNumber, ETag, ChecksumCRC32 });
    }
  };

  const senders = Array.from({ length: Math.min(config.uploadConcurrency, parts.length) }, () =>
    sendParts().catch((error: unknown) => failure.abort(error)),
  );
  await Promise.all(senders);
  failure.signal.throwIfAborted();
  completed.sort((one, other) => (one.PartNumber ?? 0) - (other.PartNumber ?? 0));
  // Some providers ignore the condition on a completion: there it is asked at the last moment.
  if (onlyIfFree && !isAws && (await bucket.exists(Key))) {
    throw new TakenError(Key);
  }
  await client.send(
    new sdk.CompleteMultipartUploadCommand({
      ...upload,
      MultipartUpload: { Parts: completed },
      IfNoneMatch: onlyIfFree ? '*' : undefined,
    }),
  );
}
