import type { S3Client } from '@aws-sdk/client-s3';
import type { Config } from '../config';
import { isExpiredToken } from './errors';

type Sdk = typeof import('../lazy/aws-sdk');

/** The SDK, loaded, and a client of it. */
export interface Connection {
  sdk: Sdk;
  client: S3Client;
}

/**
 * The options that decide which client serves an instance. The bucket is one of them: requests of one client that are
 * under way at the same time share what the SDK has found out of their bucket.
 */
const CONNECTION_OPTIONS = [
  'bucket',
  'region',
  'endpoint',
  'forcePathStyle',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'requestTimeoutMs',
  'maxAttempts',
] as const satisfies readonly (keyof Config)[];

const connections = new Map<string, Promise<Connection>>();

/**
 * What is given up on, in requests to S3.
 *
 * - `silence`: a connection on which nothing moves for `requestTimeoutMs`. A limit for the whole request would cut off
 *   large uploads over thin lines.
 * - `no-answer`: an answer that has not begun after `requestTimeoutMs`. Then the visitor sets the pace, who may pause a
 *   video for an hour.
 */
type Patience = 'silence' | 'no-answer';

/**
 * The client for a configuration: one for all instances whose connection options agree, made on first use.
 * Ghost has three instances of an adapter, and each client has its own sockets and credentials to renew.
 */
export function connect(config: Config, patience: Patience = 'silence'): Promise<Connection> {
  const identity = JSON.stringify([patience, ...CONNECTION_OPTIONS.map((option) => config[option])]);
  let connection = connections.get(identity);
  if (!connection) {
    connection = import('../lazy/aws-sdk').then((sdk) => ({ sdk, client: createClient(sdk, config, patience) }));
    connections.set(identity, connection);
    // A file that could not be read once (too many are open) can be the next time.
    connection.catch(() => connections.delete(identity));
  }
  return connection;
}

function createClient(sdk: Sdk, config: Config, patience: Patience): S3Client {
  // Checksum trailers came with AWS SDK 3.729; R2, B2, GCS and older MinIO or Ceph refuse them or store them as bytes
  // of the file: https://github.com/aws/aws-sdk-js-v3/issues/6810
  const checksums = isAwsEndpoint(config.endpoint) ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  const client = new sdk.S3Client({
    // A service of one's own has one region, and calls it so. On AWS the environment or the profile may name it.
    region: config.region ?? (isAwsEndpoint(config.endpoint) ? undefined : 'us-east-1'),
    endpoint: config.endpoint,
    forcePathStyle: config.forcePathStyle,
    credentials: credentialsOf(config),
    retryStrategy: retriesByRequest(sdk, config.maxAttempts),
    // What is done for a request is put together once for all requests without options, which takes a fifth of the
    // time that the SDK needs for an upload. They share a context then, which holds the address of the bucket.
    cacheMiddleware: true,
    requestChecksumCalculation: checksums,
    // For visitors it would come too late: when a checksum is known to be wrong, they have all of the bytes.
    responseChecksumValidation: patience === 'no-answer' ? 'WHEN_REQUIRED' : checksums,
    // With `Expect: 100-continue` the SDK opens a new connection for every body of 2 MiB or more, and waits a round trip.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: Math.min(config.requestTimeoutMs, 10_000),
      ...(patience === 'silence'
        ? { socketTimeout: config.requestTimeoutMs }
        : { requestTimeout: config.requestTimeoutMs, throwOnRequestTimeout: true }),
      // As many connections as there are requests: under a limit, visitors with slow lines would hold up all others.
      httpAgent: { maxSockets: Infinity },
      httpsAgent: { maxSockets: Infinity },
    },
  });
  if (isAwsEndpoint(config.endpoint)) {
    leavePartsUnsigned(client);
  }
  if (!credentialsOf(config)) {
    renewExpiredCredentials(client);
  }
  return client;
}

/**
 * The SDK's retries, without the budget that all requests of a client share: in the middle of an import on a bad line it
 * is used up after some dozen retries, and every upload fails at its first mishap from then on.
 */
function retriesByRequest({ StandardRetryStrategy }: Sdk, maxAttempts: number) {
  return new (class extends StandardRetryStrategy {
    override async refreshRetryTokenForRetry(
      ...retry: Parameters<InstanceType<Sdk['StandardRetryStrategy']>['refreshRetryTokenForRetry']>
    ) {
      const token = await super.refreshRetryTokenForRetry(...retry);
      // Gives back what the retry has cost.
      this.recordSuccess(token);
      return token;
    }
  })(maxAttempts);
}

/**
 * Has the SDK compute no SHA-256 of the parts of an upload, which would stop everything else in Ghost for so long, where
 * they travel inside TLS. Their CRC-32, by which S3 checks them, is signed:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
function leavePartsUnsigned(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { protocol, headers } = args.request as { protocol: string; headers: Record<string, string> };
        if (commandName === 'UploadPartCommand' && protocol === 'https:') {
          headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
        }
        return next(args);
      },
    { step: 'build', name: 'leavePartsUnsigned' },
  );
}

/**
 * Has a request that S3 refuses because of its session token sent once more with a fresh one. The SDK renews credentials
 * by the time that came with them: where a role was revoked or a clock is wrong, it would go on with those that S3 no
 * longer takes for hours.
 */
function renewExpiredCredentials(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (!isExpiredToken(error)) {
          throw error;
        }
        await client.config.credentials({ forceRefresh: true });
        return next(args);
      }
    },
    { step: 'build', name: 'renewExpiredCredentials' },
  );
}

/** The keys of a configuration; undefined lets the SDK look in the environment, the profile and the machine's role. */
export function credentialsOf({ accessKeyId, secretAccessKey, sessionToken }: Config) {
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken } : undefined;
}

/** Whether requests go to AWS itself, by default or by one of its own endpoints (VPC, dual stack, FIPS). */
export function isAwsEndpoint(endpoint: string | undefined): boolean {
  return !endpoint || /(^|\.)amazonaws\.(com|com\.cn|eu)$/.test(new URL(endpoint).hostname);
}
