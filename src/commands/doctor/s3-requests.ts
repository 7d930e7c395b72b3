import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Config } from '../../core/config';
import { throughProxies } from '../../core/proxies';
import { connect, credentialsOf } from '../../core/s3/client';
import { asForeign, statusOf } from '../../core/foreign-error';
import { codeOf, isNoSuchUpload } from '../../core/s3/errors';
import type { DoctorContext } from './context';
import type { Probe } from './probes';

/** S3's codes for a bucket in another region. */
const REDIRECTS = ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'];

/** A request for a probe that S3 refused. */
export interface Refusal {
  key: string;
  /** One of Ghost's errors, which names the cause. */
  error: Error & { help?: string };
}

/** S3's answer to a request without credentials. */
export interface AnonymousAnswer<T = unknown> {
  /** What the SDK read in it; undefined when it was refused or could not be read. */
  output?: T;
  /** Undefined when there was no answer. */
  status?: number;
  headers: Record<string, string>;
  /** When the answer arrived by the clock of this machine (ms since the epoch). */
  at: number;
  error?: unknown;
}

/** Returns the options of an AWS client that connects as the adapter does. */
export async function connectionOptions(config: Config) {
  const { region, endpoint } = (await connect(config)).service;
  return {
    region,
    endpoint,
    forcePathStyle: config.forcePathStyle,
    credentials: credentialsOf(config),
    maxAttempts: config.maxAttempts,
    ...(await throughProxies({
      connectionTimeout: config.requestTimeoutMs,
      requestTimeout: config.requestTimeoutMs,
      throwOnRequestTimeout: true,
    })),
  };
}

/** Sends a request to S3 without credentials. */
export async function requestAnonymously<T>(
  config: Config,
  request: (client: S3Client) => Promise<T>,
): Promise<AnonymousAnswer<T>> {
  const client = new S3Client({
    ...(await connectionOptions(config)),
    // The SDK requires credentials, even though the signer below does not use them.
    credentials: { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' },
    signer: { sign: (unsigned) => Promise.resolve(unsigned) },
  });
  const answer: AnonymousAnswer<T> = { headers: {}, at: 0 };
  client.middlewareStack.add(
    (next) => async (args) => {
      const output = await next(args);
      const { statusCode, headers } = output.response as { statusCode: number; headers: Record<string, string> };
      Object.assign(answer, { status: statusCode, headers, at: Date.now() });
      return output;
    },
    // It runs before the SDK turns the answer into an error.
    { step: 'deserialize', priority: 'low' },
  );
  try {
    answer.output = await request(client);
  } catch (error) {
    answer.error = error;
  } finally {
    client.destroy();
  }
  return answer;
}

/**
 * Returns the SDK's error for the first signed request, which is for an object that does not exist. It shows problems with
 * credentials, region, bucket and permissions.
 */
export function signedRequestError(context: DoctorContext): Promise<unknown> {
  return context.once('signed request', async () => {
    const { first } = context.probes;
    try {
      const { Body } = await first.bucket.get(`${first.key}.missing`);
      Body.destroy();
      return undefined;
    } catch (error) {
      return error;
    }
  });
}

/** Returns whether S3 says that the bucket is in another region. A redirect with a URL is one to another service. */
export function isInOtherRegion(error: unknown): boolean {
  const { headers = {} } = asForeign(error).$response ?? {};
  return REDIRECTS.includes(codeOf(error)) || (statusOf(error) === 301 && headers.location === undefined);
}

/** Returns S3's answer to a HEAD of the bucket without credentials. */
export function anonymousHead(context: DoctorContext): Promise<AnonymousAnswer> {
  const { config } = context;
  return context.once('anonymous HEAD', () =>
    requestAnonymously(config, (client) => client.send(new HeadBucketCommand({ Bucket: config.bucket }))),
  );
}

/** Deletes the probes before they exist. S3 refuses without the permission, and does nothing otherwise. */
export function deleteRefusal(context: DoctorContext): Promise<Refusal | undefined> {
  return context.once('delete', () => firstRefusal(context, ({ bucket, key }) => bucket.delete(key)));
}

/** Uploads the probes, provided that they can be deleted again. */
export function writeRefusal(context: DoctorContext): Promise<Refusal | undefined> {
  return context.once(
    'write',
    async () => (await deleteRefusal(context)) ?? firstRefusal(context, (probe) => context.probes.upload(probe)),
  );
}

/** Aborts uploads that do not exist. S3 says that they do not exist when aborting is allowed. */
export function abortRefusal(context: DoctorContext): Promise<Refusal | undefined> {
  return context.once('abort', () =>
    firstRefusal(context, async ({ config, key }) => {
      const { sdk, client } = await connect(config);
      const upload = { Bucket: config.bucket, Key: key, UploadId: 'doctor-no-such-upload' };
      await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch((error: unknown) => {
        // Some services send another error for an unknown ID.
        if (!isNoSuchUpload(error) && (statusOf(error) ?? 403) === 403) {
          throw error;
        }
      });
    }),
  );
}

async function firstRefusal(
  { probes }: DoctorContext,
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
