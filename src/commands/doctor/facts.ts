import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { connect } from '../../core/s3/client';
import { isNoSuchUpload } from '../../core/s3/errors';
import type { Probe } from './probes';
import { askAnonymously, statusOf } from './requests';
import type { SetUp } from './set-up';

/** Names an upload that nobody has begun: who may abort it is told that there is none. */
const NO_UPLOAD = 'doctor-no-such-upload';

/** What was refused: of which probe, and with one of Ghost's errors that names the cause. */
export interface Refusal {
  key: string;
  error: Error & { help?: string };
}

/**
 * The first request that is signed, for an object that does not exist: its answer tells about credentials, region,
 * bucket and permissions.
 *
 * @returns the SDK's error, as there is no object
 */
export function firstAnswer(setUp: SetUp): Promise<unknown> {
  return setUp.fact('first answer', async () => {
    const { first } = setUp.probes;
    try {
      const { Body } = await first.bucket.get(`${first.key}.missing`);
      Body.destroy();
      return undefined;
    } catch (error) {
      return error;
    }
  });
}

/** What S3 says of the bucket to somebody without credentials. */
export function anonymousAnswer(setUp: SetUp) {
  return setUp.fact('anonymous answer', () =>
    askAnonymously(setUp.config, (client) => client.send(new HeadBucketCommand({ Bucket: setUp.config.bucket }))),
  );
}

/**
 * Deletes the probes before they are there: S3 refuses it to who may not, and has nothing to do else.
 *
 * @returns undefined when they may be deleted
 */
export function refusalToDelete(setUp: SetUp): Promise<Refusal | undefined> {
  return setUp.fact('delete', () => firstRefusal(setUp, ({ bucket, key }) => bucket.delete(key)));
}

/**
 * Puts the probes into the bucket, if they can be taken away again.
 *
 * @returns undefined when they are there
 */
export function refusalToWrite(setUp: SetUp): Promise<Refusal | undefined> {
  return setUp.fact(
    'write',
    async () => (await refusalToDelete(setUp)) ?? firstRefusal(setUp, (probe) => setUp.probes.write(probe)),
  );
}

/**
 * Aborts uploads that nobody has begun.
 *
 * @returns undefined when they may be aborted
 */
export function refusalToAbort(setUp: SetUp): Promise<Refusal | undefined> {
  return setUp.fact('abort', () =>
    firstRefusal(setUp, async ({ config, key }) => {
      const { sdk, client } = await connect(config);
      const upload = { Bucket: config.bucket, Key: key, UploadId: NO_UPLOAD };
      await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch((error: unknown) => {
        // Some services have other words for an ID that is none of theirs.
        if (!isNoSuchUpload(error) && (statusOf(error) ?? 403) === 403) {
          throw error;
        }
      });
    }),
  );
}

async function firstRefusal(
  { probes }: SetUp,
  request: (probe: Probe) => Promise<unknown>,
): Promise<Refusal | undefined> {
  for (const probe of probes.all) {
    const { bucket, key } = probe;
    try {
      await request(probe);
    } catch (error) {
      return { key, error: bucket.explain(error, 'PutObject', key) };
    }
  }
  return undefined;
}
