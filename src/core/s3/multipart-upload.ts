import { setMaxListeners } from 'node:events';
import type { CompletedPart } from '@aws-sdk/client-s3';
import type { Config } from '../config';
import type { ContentHeaders } from '../content-headers';
import { statusOf } from '../foreign-error';
import { retry } from '../retry';
import { conditionOf, contentMd5, type Bucket, type WriteOptions } from './bucket';
import { connect } from './client';
import { endedBy } from './ended-by';
import { attemptsOf, isForgotten, mayBeCarriedOut, TakenError } from './errors';
import { notS3 } from './not-s3';
import { abort, abortLost, keepingUnderWay, type MultipartUpload } from './unfinished-uploads';
import type { OpenedFile } from './opened-file';
import { takeBuffer } from './upload-limit';

/** S3's largest number of parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000;

/**
 * Uploads a large file in parts, several at a time.
 *
 * Each of the parallel senders reads its next part into its only buffer, so an upload takes `uploadConcurrency` ×
 * `multipartChunkSizeBytes` of memory regardless of the file size, and less while other uploads take theirs. The first
 * part that fails for good stops the others, and the upload is aborted. It is repeated once when S3 has lost it, or has
 * a part under another ETag than it returned. https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 *
 * This replaces `Upload` of `@aws-sdk/lib-storage`, which is slower and takes more memory (300 MB in 8 parts of 6 MiB at a
 * time: 2.1 s and 96 MB, here 1.6 s and 54 MB), continues to send after a part has failed, and passes no abort signal.
 * Once a version of it is as good in all four, use that instead.
 *
 * @param options a condition that S3 checks at the completion: it is refused when the key is taken by then, or has
 *   another object
 * @throws the SDK's error of the first request that failed, or a Ghost error when the file could not be read
 */
export async function uploadInParts(
  bucket: Bucket,
  key: string,
  file: Pick<OpenedFile, 'size' | 'fill'>,
  headers: ContentHeaders,
  options: WriteOptions = {},
): Promise<void> {
  const { config } = bucket;
  const onceMore = { pausesMs: [0, 0], isTransient: isForgotten };
  await retry(async () => {
    const upload = await begin(config, key, headers);
    try {
      await keepingUnderWay(upload, async () => {
        const Parts = await sendParts(config, upload, file);
        // Some services ignore the condition on a completion, so they are asked at the last moment.
        const { sdk, client, service } = await connect(config);
        if (options.onlyIfFree && !service.isAws && (await bucket.exists(key))) {
          throw new TakenError(key);
        }
        await options.lastCheck?.();
        const command = new sdk.CompleteMultipartUploadCommand({
          ...upload,
          MultipartUpload: { Parts },
          ...conditionOf(options),
        });
        const answer = await client.send(command).catch(unlessSuccessful);
        if (!answer?.ETag && !answer?.Location && !(await bucket.isOfUpload(key, headers))) {
          throw notS3(config, 'CompleteMultipartUpload', `200 without a result, and "${key}" was not stored`);
        }
      });
    } catch (error) {
      await abort(config, upload);
      throw error;
    }
  }, onceMore);
}

/** For an answer with status 200 that the SDK cannot parse, such as a web page. */
function unlessSuccessful(error: unknown): undefined {
  if (statusOf(error) !== 200) {
    throw error;
  }
}

/** Starts an upload, and removes those that S3 started for earlier attempts whose response was lost. */
export async function begin(config: Config, key: string, headers: ContentHeaders): Promise<MultipartUpload> {
  const { sdk, client, service } = await connect(config);
  const from = Date.now();
  try {
    const { UploadId, $metadata } = await client.send(
      new sdk.CreateMultipartUploadCommand({
        Bucket: config.bucket,
        Key: key,
        ...headers,
        ChecksumAlgorithm: service.isAws ? 'CRC32' : undefined,
      }),
    );
    if (!UploadId) {
      throw notS3(config, 'CreateMultipartUpload', '200 without an upload ID');
    }
    if (attemptsOf({ $metadata }) > 1) {
      void abortLost(config, { key, from, until: Date.now(), except: UploadId });
    }
    return { Bucket: config.bucket, Key: key, UploadId };
  } catch (error) {
    if (mayBeCarriedOut(error)) {
      void abortLost(config, { key, from, until: Date.now() });
    }
    throw error;
  }
}

/** Sends all parts of a file, and returns them in their order. */
async function sendParts(
  config: Config,
  upload: MultipartUpload,
  file: Pick<OpenedFile, 'size' | 'fill'>,
): Promise<CompletedPart[]> {
  const { sdk, client, service } = await connect(config);
  // For AWS the SDK adds a checksum, and without TLS the signature contains a SHA-256.
  const needsMd5 = !service.isAws && /^https:/i.test(service.endpoint ?? '');
  const partSize = Math.max(config.multipartChunkSizeBytes, Math.ceil(file.size / MAX_PARTS));
  const count = Math.ceil(file.size / partSize);
  const parts: CompletedPart[] = [];
  const failure = new AbortController();
  // The SDK adds a listener for each attempt of each part. They end with the upload, so they are not a leak.
  setMaxListeners(0, failure.signal);

  let begun = 0;
  const sendWith = async (buffer: Buffer) => {
    while (begun < count && !failure.signal.aborted) {
      const index = begun;
      begun += 1;
      const position = index * partSize;
      // The last part is shorter than the buffer.
      const body = buffer.subarray(0, file.size - position);
      await file.fill(body, position);
      const PartNumber = index + 1;
      const command = new sdk.UploadPartCommand({
        ...upload,
        PartNumber,
        Body: body,
        ContentMD5: needsMd5 ? contentMd5(body) : undefined,
      });
      try {
        const { ETag, ChecksumCRC32 } = await client.send(endedBy(command, failure.signal));
        if (!ETag) {
          throw notS3(config, 'UploadPart', '200 without an ETag');
        }
        parts[index] = { PartNumber, ETag, ChecksumCRC32 };
      } finally {
        // The client keeps its first command of each kind, as in `put` of the bucket.
        command.input.Body = undefined;
      }
    }
  };

  let end = () => {};
  const ended = new Promise<undefined>((resolve) => (end = () => resolve(undefined)));
  const sendNext = async () => {
    const bytes = Math.min(partSize, file.size);
    const waiting = takeBuffer(config, bytes);
    const taken = await Promise.race([waiting, ended]);
    if (taken === undefined) {
      // The other senders sent everything before there was memory for this one.
      void waiting.then(({ giveBack }) => giveBack(true));
      return;
    }
    try {
      await sendWith(taken.buffer);
    } catch (error) {
      failure.abort(error);
    } finally {
      taken.giveBack(!failure.signal.aborted);
      end();
    }
  };
  await Promise.all(Array.from({ length: Math.min(config.uploadConcurrency, count) }, sendNext));
  failure.signal.throwIfAborted();
  return parts;
}
