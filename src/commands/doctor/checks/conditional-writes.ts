import { connect } from '../../../core/s3/client';
import { statusOf } from '../../../core/foreign-error';
import { explainConditionalWrites } from '../../../core/s3/conditional-writes';
import { codeOf, isGhostError, isNotImplemented, isTaken } from '../../../core/s3/errors';
import { notS3 } from '../../../core/s3/not-s3';
import { type CheckResult, failed, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { abortRefusal, writeRefusal } from '../s3-requests';

/** Checks that S3 refuses to overwrite an object in a conditional write. */
export const checkConditionalWrites = (context: DoctorContext) =>
  context.once('conditional writes', () => writeTwice(context));

async function writeTwice(context: DoctorContext): Promise<CheckResult> {
  const { first, bytes } = context.probes;
  if ((await writeRefusal(context)) !== undefined) {
    return unchecked('nothing could be stored (see Permissions)');
  }
  const tried = 'The command wrote a file twice, the second time with If-None-Match: *.';
  try {
    await first.bucket.put(first.key, bytes, first.headers, { onlyIfFree: true });
  } catch (error) {
    if (isTaken(error)) {
      return passed('S3 refuses a name that is taken');
    }
    if (isNotImplemented(error)) {
      return warned(tried, ...explainConditionalWrites(first.bucket, 'not-implemented'));
    }
    throw first.bucket.explain(error, 'PutObject', first.key);
  }
  return failed(tried, ...explainConditionalWrites(first.bucket, 'ignored'));
}

/** Checks that S3 refuses to overwrite an object when a multipart upload is completed. */
export async function checkConditionalCompletion(context: DoctorContext): Promise<CheckResult> {
  if ((await writeRefusal(context)) !== undefined || (await abortRefusal(context)) !== undefined) {
    return unchecked('no large upload could be canceled (see Permissions)');
  }
  if ((await checkConditionalWrites(context)).result !== 'passed') {
    return unchecked('the service does not support conditional writes');
  }
  const tried = 'The command completed an upload in parts with If-None-Match: *, under a name that is taken.';
  const error = await multipartError(context);
  if (error === undefined) {
    return warned(
      tried,
      'The S3 service ignores the condition that keeps large uploads from being overwritten.',
      'The adapter checks whether the name is free just before a large upload ends. To be completely safe, run only one Ghost process on this bucket.',
    );
  }
  if (isGhostError(error)) {
    const { message, help = '' } = error as Error & { help?: string };
    return failed(tried, message, help);
  }
  return isTaken(error)
    ? passed('S3 refuses a name that is taken')
    : warned(
        tried,
        `The S3 service does not keep large uploads from being overwritten: it answers ${statusOf(error) ?? ''} ${codeOf(error)}.`,
        'Run only one Ghost process on this bucket.',
      );
}

/** Uploads the first probe again, in one part, and returns the error of the conditional completion. */
async function multipartError({ probes: { first, bytes } }: DoctorContext): Promise<unknown> {
  const { sdk, client } = await connect(first.config);
  const target = { Bucket: first.config.bucket, Key: first.key };
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ ...target, ...first.headers }));
  const upload = { ...target, UploadId };
  try {
    const PartNumber = 1;
    const { ETag, ChecksumCRC32 } = await client.send(
      new sdk.UploadPartCommand({ ...upload, PartNumber, Body: bytes }),
    );
    const MultipartUpload = { Parts: [{ PartNumber, ETag, ChecksumCRC32 }] };
    const completion = { ...upload, MultipartUpload, IfNoneMatch: '*' };
    const answer = await client.send(new sdk.CompleteMultipartUploadCommand(completion));
    if (!answer.ETag && !answer.Location) {
      throw notS3(first.config, 'CompleteMultipartUpload', '200 without a result');
    }
    return undefined;
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => undefined);
    return error;
  }
}
