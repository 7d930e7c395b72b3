import type { Config } from '../config';
import { logging } from '../ghost-host';
import { retry } from '../retry';
import { connect } from './client';
import { isForbidden, isNoSuchUpload } from './errors';

/** How long (ms) to wait before each further attempt to remove an upload. Most outages are over by the last one. */
const PAUSES_MS = [1_000, 10_000, 60_000, 600_000];

/** How far the clocks of this machine and of S3 may be apart, in milliseconds. */
const CLOCK_TOLERANCE_MS = 10_000;

/** The multipart uploads that this process goes on with. */
const underWay = new Set<string>();

/** A multipart upload. */
export interface Upload {
  Key: string;
  UploadId: string;
}

/** Keeps an upload from being taken for one that nobody goes on with. */
export async function goingOnWith<T>({ UploadId }: Upload, step: () => Promise<T>): Promise<T> {
  underWay.add(UploadId);
  try {
    return await step();
  } finally {
    underWay.delete(UploadId);
  }
}

/** Has S3 forget an upload that has failed: at once or, when S3 is away by now, as soon as it is back. */
export async function abort(config: Config, upload: Upload): Promise<void> {
  try {
    await abortOnce(config, upload);
  } catch (error) {
    logging.error(
      `S3CloudFrontStorage: the parts of an unfinished upload of "${upload.Key}" are still in the bucket ` +
        `(${(error as Error).name}). It is tried again; what stays then is removed by a lifecycle rule that aborts ` +
        'incomplete multipart uploads.',
    );
    void inBackground(() => abortOnce(config, upload), PAUSES_MS);
  }
}

/**
 * Has S3 forget uploads that it began although its answer was lost. Nobody knows their IDs, so that they are looked for:
 * by their key, in the time in which the requests were sent.
 *
 * Another Ghost may have begun an upload under that key in these very seconds. Should it be hit, it begins once more
 * (see `uploadInParts`), so that nothing is lost by it. Where listing the uploads of the bucket is not allowed, as in our
 * own policy, they stay: without parts they take no space and cost nothing, and the lifecycle rule removes them.
 *
 * @param sentFrom when the first request was sent, in milliseconds since the epoch
 * @param sentUntil when the last one was answered or given up
 * @param except the ID that came with that answer
 */
export async function abortLost(...lost: Parameters<typeof abortLostOnce>): Promise<void> {
  await inBackground(() => abortLostOnce(...lost), [0, ...PAUSES_MS]);
}

async function abortLostOnce(
  config: Config,
  key: string,
  sentFrom: number,
  sentUntil: number,
  except?: string,
): Promise<void> {
  const { sdk, client } = await connect(config);
  const list = new sdk.ListMultipartUploadsCommand({ Bucket: config.bucket, Prefix: key });
  const listed = await client.send(list).catch((error: unknown) => {
    if (!isForbidden(error)) {
      throw error;
    }
  });
  for (const { Key, UploadId, Initiated } of listed?.Uploads ?? []) {
    const begun = Initiated?.getTime() ?? 0;
    const isInTime = begun >= sentFrom - CLOCK_TOLERANCE_MS && begun <= sentUntil + CLOCK_TOLERANCE_MS;
    if (Key === key && UploadId && UploadId !== except && isInTime && !underWay.has(UploadId)) {
      await abortOnce(config, { Key, UploadId });
    }
  }
}

async function abortOnce(config: Config, { Key, UploadId }: Upload): Promise<void> {
  const { sdk, client } = await connect(config);
  try {
    await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: config.bucket, Key, UploadId }));
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
