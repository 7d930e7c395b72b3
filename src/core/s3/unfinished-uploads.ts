import type { Config } from '../config';
import { logging } from '../ghost-host';
import { retry } from '../retry';
import { connect } from './client';
import { isForbidden, isNoSuchUpload } from './errors';

/** How long (ms) to wait before each further attempt to remove an upload. Most outages are over by the last one. */
const PAUSES_MS = [1_000, 10_000, 60_000, 600_000];

/** How far (ms) the clocks of this machine and of S3 may differ. */
const CLOCK_TOLERANCE_MS = 10_000;

/** The IDs of the multipart uploads that this process is still sending. */
const underWay = new Set<string>();

/** A multipart upload. */
export interface MultipartUpload {
  Bucket: string;
  Key: string;
  UploadId: string;
}

/** The start of an upload whose response may have been lost. Times are milliseconds since the epoch. */
interface LostBeginning {
  key: string;
  /** When the first request was sent. */
  from: number;
  /** When the last request was answered or abandoned. */
  until: number;
  /** The ID that came with the answer. */
  except?: string;
}

/** Runs a step of an upload, during which the upload does not count as lost. */
export async function keepingUnderWay<T>({ UploadId }: MultipartUpload, step: () => Promise<T>): Promise<T> {
  underWay.add(UploadId);
  try {
    return await step();
  } finally {
    underWay.delete(UploadId);
  }
}

/** Aborts an upload that has failed: at once or, when S3 is unreachable, later in the background. It never fails. */
export async function abort(config: Config, upload: MultipartUpload): Promise<void> {
  try {
    await abortOnce(config, upload);
  } catch (error) {
    logging.error(
      `S3CloudFrontStorage: the parts of an unfinished upload of "${upload.Key}" are still in the bucket ` +
        `(${(error as Error).name}). Removing them will be tried again. After that, only a lifecycle rule removes them that aborts ` +
        'incomplete multipart uploads.',
    );
    void inBackground(() => abortOnce(config, upload), PAUSES_MS);
  }
}

/**
 * Aborts uploads that S3 started although its response was lost. Their IDs are unknown, so they are found by their key
 * and by the time in which the requests were sent.
 *
 * Another Ghost may have started an upload with that key in the same seconds. If it is aborted, it starts again (see
 * `uploadInParts`), so nothing is lost. Where listing the uploads of the bucket is not allowed, as in our own policy,
 * they stay: without parts they take no space and cost nothing, and the lifecycle rule removes them.
 */
export async function abortLost(config: Config, lost: LostBeginning): Promise<void> {
  await inBackground(() => abortLostOnce(config, lost), [0, ...PAUSES_MS]);
}

async function abortLostOnce(config: Config, { key, from, until, except }: LostBeginning): Promise<void> {
  const { sdk, client } = await connect(config);
  const list = new sdk.ListMultipartUploadsCommand({ Bucket: config.bucket, Prefix: key });
  const listed = await client.send(list).catch((error: unknown) => {
    if (!isForbidden(error)) {
      throw error;
    }
  });
  for (const { Key, UploadId, Initiated } of listed?.Uploads ?? []) {
    const begun = Initiated?.getTime() ?? 0;
    const isInTime = begun >= from - CLOCK_TOLERANCE_MS && begun <= until + CLOCK_TOLERANCE_MS;
    if (Key === key && UploadId && UploadId !== except && isInTime && !underWay.has(UploadId)) {
      await abortOnce(config, { Bucket: config.bucket, Key, UploadId });
    }
  }
}

async function abortOnce(config: Config, upload: MultipartUpload): Promise<void> {
  const { sdk, client } = await connect(config);
  try {
    await client.send(new sdk.AbortMultipartUploadCommand(upload));
  } catch (error) {
    if (!isNoSuchUpload(error)) {
      throw error;
    }
  }
}

/** Repeats a step without keeping the process running. Its failure was logged already, or is not worth logging. */
async function inBackground(step: () => Promise<void>, pausesMs: readonly number[]): Promise<void> {
  await retry(step, { pausesMs, ref: false }).catch(() => {});
}
