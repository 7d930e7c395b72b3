import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  type CopyObjectCommandOutput,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { encodePath } from '../../../core/object-keys';
import { statusOf } from '../../../core/foreign-error';
import { retry } from '../../../core/retry';
import type { Bucket, WriteOptions } from '../../../core/s3/bucket';
import { connect } from '../../../core/s3/client';
import { isNotImplemented, isTaken, isTransient, TakenError } from '../../../core/s3/errors';
import { begin } from '../../../core/s3/multipart-upload';
import { abort, keepingUnderWay, type MultipartUpload } from '../../../core/s3/unfinished-uploads';
import { endedBy } from '../../../core/s3/ended-by';
import type { ListedObject } from '../../../ghost-site/bucket-listing';
import { lookUp } from '../listing';
import { TRANSFER_RETRIES } from '../run';
import type { CopyHeaders } from './copied-file';

/** The largest object (bytes) that S3 copies in one request. The limit is 5 GiB at AWS, and 5 GB at some services. */
const MAX_BYTES_AT_ONCE = 5e9;

/** The part size (bytes) for larger objects, unless they would have more parts than S3 allows. */
const PART_BYTES = 512 * 1024 ** 2;

/** The maximum number of parts in S3. */
const MAX_PARTS = 10_000;

/** How many parts to copy at a time. */
const PARTS_AT_A_TIME = 4;

/** A copy inside S3. */
export interface CopyTask {
  from: Bucket;
  /** The object to copy, as its lookup returned it. */
  source: ListedObject;
  to: Bucket;
  key: string;
  headers: CopyHeaders;
  signal: AbortSignal;
}

/** The error for an object that was not copied without an error from S3. */
export class CopyError extends Error {}

/** Services (by the identity of the new bucket) that reject the optional headers of a copy. */
const plainServices = new Set<string>();

/**
 * Copies an object inside S3, without downloading it.
 *
 * @throws the SDK's error, also when the key is already taken, or a CopyError
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export async function copyObject(task: CopyTask, options: WriteOptions): Promise<void> {
  if (task.source.bytes > MAX_BYTES_AT_ONCE) {
    return copyInParts(task, options);
  }
  if (plainServices.has(task.to.identity)) {
    return copyAtOnce(task, options, {});
  }
  try {
    return await copyAtOnce(task, options, {
      CopySourceIfMatch: task.source.etag || undefined,
      // Otherwise AWS copies the tags, which needs the permission to read them.
      TaggingDirective: 'REPLACE',
    });
  } catch (error) {
    await throwUnlessHeaderIsRefused(error, task, options);
  }
  await copyAtOnce(task, options, {});
  plainServices.add(task.to.identity);
}

/** Returns if the copy may succeed without the optional headers, and throws otherwise. */
async function throwUnlessHeaderIsRefused(error: unknown, task: CopyTask, { onlyIfFree }: WriteOptions): Promise<void> {
  if (isTaken(error)) {
    // The condition on the key or that on the old object failed.
    if (onlyIfFree && (await task.to.exists(task.key))) {
      throw error;
    }
    const current = await lookUp(task.from, task.source.key, task.signal);
    if (current?.etag !== task.source.etag) {
      throw new CopyError('the old object changed while it was copied');
    }
  } else if (statusOf(error) !== 501 && statusOf(error) !== 400) {
    throw error;
  }
}

async function copyAtOnce(
  { from, source, to, key, headers, signal }: CopyTask,
  { onlyIfFree }: WriteOptions,
  further: Pick<CopyObjectCommandInput, 'CopySourceIfMatch' | 'TaggingDirective'>,
): Promise<void> {
  const { client } = await connect(to.config);
  const command = new CopyObjectCommand({
    Bucket: to.config.bucket,
    Key: key,
    CopySource: `${from.config.bucket}/${encodePath(source.key)}`,
    IfNoneMatch: onlyIfFree ? '*' : undefined,
    MetadataDirective: 'REPLACE',
    ...headers,
    ...further,
  });
  // S3 responds with 200 before it copies, and the SDK does not detect every failure after that.
  const isCopied = async () => {
    const { CopyObjectResult } = await client.send(endedBy(command, signal)).catch(noResultIfAnswered200);
    return Boolean(CopyObjectResult?.ETag) || to.isOfUpload(key, headers);
  };
  if (!(await isCopied()) && !(await isCopied())) {
    throw new CopyError(`S3 responded with 200 to CopyObject, but "${key}" is not the copy`);
  }
}

/** Returns an empty result for a response that the SDK cannot parse, such as a web page. */
function noResultIfAnswered200(error: unknown): Partial<CopyObjectCommandOutput> {
  if (statusOf(error) === 200 && !isTransient(error)) {
    return {};
  }
  throw error;
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/CopyingObjectsMPUapi.html */
async function copyInParts(task: CopyTask, { onlyIfFree }: WriteOptions): Promise<void> {
  const { to, key, headers, signal } = task;
  const upload = await begin(to.config, key, headers);
  try {
    await keepingUnderWay(upload, async () => {
      const Parts = await copyParts(task, upload);
      // Some services ignore the condition when completing an upload, so the key is checked at the last moment.
      const { sdk, client, service } = await connect(to.config);
      if (onlyIfFree && !service.isAws && (await to.exists(key))) {
        throw new TakenError(key);
      }
      const complete = new sdk.CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts },
        IfNoneMatch: onlyIfFree ? '*' : undefined,
      });
      const { ETag, Location } = await client.send(endedBy(complete, signal));
      if (!ETag && !Location && !(await to.isOfUpload(key, headers))) {
        throw new CopyError(`S3 responded with 200 to CompleteMultipartUpload, but "${key}" is not the copy`);
      }
    });
  } catch (error) {
    await abort(to.config, upload);
    throw error;
  }
}

async function copyParts({ from, source, to, signal }: CopyTask, upload: MultipartUpload) {
  const { client } = await connect(to.config);
  const partBytes = Math.max(PART_BYTES, Math.ceil(source.bytes / MAX_PARTS));
  const copyPart = async (index: number) => {
    const first = index * partBytes;
    const PartNumber = index + 1;
    const request = (CopySourceIfMatch?: string) => {
      const command = new UploadPartCopyCommand({
        ...upload,
        PartNumber,
        CopySource: `${from.config.bucket}/${encodePath(source.key)}`,
        CopySourceRange: `bytes=${first}-${Math.min(first + partBytes, source.bytes) - 1}`,
        CopySourceIfMatch,
      });
      return client.send(endedBy(command, signal));
    };
    const send = async () => {
      try {
        return await request(source.etag || undefined);
      } catch (error) {
        if (isNotImplemented(error)) {
          return request();
        }
        throw error;
      }
    };
    const { CopyPartResult } = await retry(send, { ...TRANSFER_RETRIES, signal });
    if (!CopyPartResult?.ETag) {
      throw new CopyError(`S3 responded with 200 to UploadPartCopy of "${upload.Key}", but without a result`);
    }
    return { PartNumber, ETag: CopyPartResult.ETag, ChecksumCRC32: CopyPartResult.ChecksumCRC32 };
  };

  const parts: Awaited<ReturnType<typeof copyPart>>[] = [];
  for (const count = Math.ceil(source.bytes / partBytes); parts.length < count;) {
    const next = Array.from({ length: Math.min(PARTS_AT_A_TIME, count - parts.length) }, (_, n) => parts.length + n);
    // All parts finish before the upload can be aborted, because a part that arrives after that would remain.
    const copied = await Promise.allSettled(next.map(copyPart));
    for (const part of copied) {
      if (part.status === 'rejected') {
        throw part.reason;
      }
      parts.push(part.value);
    }
  }
  return parts;
}
