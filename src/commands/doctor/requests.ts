import { S3Client } from '@aws-sdk/client-s3';
import type { Config } from '../../core/config';
import { credentialsOf, isAwsEndpoint } from '../../core/s3/client';

/** What an error of the SDK looks like, as far as we look. */
interface ForeignError {
  name?: string;
  Code?: string;
  code?: string;
  message?: string;
  Region?: string;
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string> };
}

/** HTTP status of an answer that the SDK took for an error; undefined when there was none. */
export const statusOf = (error: unknown) => (error as ForeignError).$metadata?.httpStatusCode;

/** A service's own word for what went wrong, `NoSuchBucket`. */
export function wordOf(error: unknown): string {
  const { Code, name, code } = error as ForeignError;
  return Code ?? code ?? name ?? 'Unknown';
}

/** The region that S3 says the bucket is in. */
export function regionOf(error: unknown): string | undefined {
  const { Region, $response } = error as ForeignError;
  return Region ?? $response?.headers?.['x-amz-bucket-region'];
}

/** The connection options of the adapter, for requests that the adapter itself does not make. */
export function connectionOf(config: Config) {
  return {
    region: config.region ?? (isAwsEndpoint(config.endpoint) ? undefined : 'us-east-1'),
    endpoint: config.endpoint,
    forcePathStyle: config.forcePathStyle,
    credentials: credentialsOf(config),
    maxAttempts: config.maxAttempts,
    requestHandler: {
      connectionTimeout: config.requestTimeoutMs,
      requestTimeout: config.requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  };
}

/** What S3 has answered to somebody without credentials. */
export interface AnonymousAnswer {
  /** Undefined when there was no answer. */
  status?: number;
  headers: Record<string, string>;
  /** When it came, in milliseconds since the epoch by this machine's clock. */
  at: number;
  error?: unknown;
}

/** Asks S3 as somebody without credentials. */
export async function askAnonymously(
  config: Config,
  request: (client: S3Client) => Promise<unknown>,
): Promise<AnonymousAnswer> {
  const client = new S3Client({
    ...connectionOf(config),
    // The SDK wants some, and signs with them what is then not signed.
    credentials: { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' },
    signer: { sign: (unsigned) => Promise.resolve(unsigned) },
  });
  const answer: AnonymousAnswer = { headers: {}, at: 0 };
  client.middlewareStack.add(
    (next) => async (args) => {
      const output = await next(args);
      const { statusCode, headers } = output.response as { statusCode: number; headers: Record<string, string> };
      Object.assign(answer, { status: statusCode, headers, at: Date.now() });
      return output;
    },
    // Before the answer is taken for an error.
    { step: 'deserialize', priority: 'low' },
  );
  try {
    await request(client);
  } catch (error) {
    answer.error = error;
  } finally {
    client.destroy();
  }
  return answer;
}

/** A statement of an IAM policy, ready to be pasted. */
export function statement(actions: string[], resource: string | string[]): string {
  return JSON.stringify({ Effect: 'Allow', Action: actions, Resource: resource });
}

export const arnOf = (bucket: string, key?: string) => `arn:aws:s3:::${bucket}${key === undefined ? '' : `/${key}`}`;
