import type { S3Client } from '@aws-sdk/client-s3';
import type { Config } from '../config';
import { loadErrors } from '../ghost-host';
import { throughProxies } from '../proxies';
import { isExpiredToken } from './errors';
import { readAnswers } from './read-answers';
import { limitRequests } from './request-limit';
import { countRequests, retriesByRequest } from './retries';
import { findService, type Service } from './service';

type Sdk = typeof import('../lazy/aws-sdk');

/** The loaded SDK, a client, and the service that it talks to. */
export interface Connection {
  sdk: Sdk;
  service: Service;
  client: S3Client;
}

/**
 * The options that decide which client an instance uses. The bucket is one of them, because simultaneous requests of one
 * client share what the SDK knows about their bucket.
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
 * When a request times out, which depends on what waits for it.
 *
 * - `silence`: when nothing moves on the connection for `requestTimeoutMs`, or so little that the request would never end
 *   (see `limitRequests`).
 * - `no-answer`, for visitors: when the response has not started after `requestTimeoutMs`. From then on the visitor sets the
 *   pace, and may pause a video for an hour. A throttled request does not wait.
 */
export type Timeout = 'silence' | 'no-answer';

/**
 * Returns the client of a configuration, which is created on first use and shared by all instances with the same
 * connection options: Ghost has three instances of an adapter, and each client has its own sockets and credentials.
 */
export function connect(config: Config, timeout: Timeout = 'silence'): Promise<Connection> {
  const identity = JSON.stringify([timeout, ...CONNECTION_OPTIONS.map((option) => config[option])]);
  let connection = connections.get(identity);
  if (!connection) {
    connection = import('../lazy/aws-sdk').then(async (sdk) => {
      // While files can be opened: errors of the client's requests need them.
      loadErrors();
      const service = await findService(sdk, config);
      return { sdk, service, client: await createClient(sdk, config, service, timeout) };
    });
    connections.set(identity, connection);
    // Loading may succeed the next time, for example after too many files were open.
    connection.catch(() => connections.delete(identity));
  }
  return connection;
}

async function createClient(
  sdk: Sdk,
  config: Config,
  { isAws, endpoint, region }: Service,
  timeout: Timeout,
): Promise<S3Client> {
  // AWS SDK 3.729 introduced checksum trailers. R2, B2, GCS and older MinIO or Ceph refuse them or store them as part
  // of the file: https://github.com/aws/aws-sdk-js-v3/issues/6810
  const checksums = isAws ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  const client = new sdk.S3Client({
    region,
    endpoint,
    forcePathStyle: config.forcePathStyle,
    credentials: credentialsOf(config),
    retryStrategy: retriesByRequest(sdk, config.maxAttempts, timeout === 'silence'),
    // All requests without options share their middleware, which otherwise takes a fifth of the SDK's time for an upload.
    // They also share a context, which holds the URL of the bucket.
    cacheMiddleware: true,
    requestChecksumCalculation: checksums,
    // For visitors it would be too late: they have all of the bytes by the time a checksum is found to be wrong.
    responseChecksumValidation: timeout === 'no-answer' ? 'WHEN_REQUIRED' : checksums,
    // With `Expect: 100-continue` the SDK opens a new connection for each body of 2 MiB or more and waits a round trip.
    expectContinueHeader: false,
    ...(await throughProxies({
      connectionTimeout: Math.min(config.requestTimeoutMs, 10_000),
      ...(timeout === 'silence'
        ? { socketTimeout: config.requestTimeoutMs }
        : { requestTimeout: config.requestTimeoutMs, throwOnRequestTimeout: true }),
      // There is no limit on connections, because visitors with slow connections would hold up all others.
      httpAgent: { maxSockets: Infinity },
      httpsAgent: { maxSockets: Infinity },
    })),
  });
  readAnswers(client, sdk, config, timeout === 'no-answer');
  countRequests(client);
  limitRequests(client, config.requestTimeoutMs, timeout === 'silence');
  leavePartsUnsigned(client);
  if (!credentialsOf(config)) {
    renewExpiredCredentials(client);
  }
  return client;
}

/**
 * Skips the SHA-256 of uploaded parts over TLS, because computing it blocks everything else in Ghost. S3 checks the parts
 * by their CRC-32, and other services by their MD5. Both are signed. A part without either keeps its SHA-256.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
function leavePartsUnsigned(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { protocol, headers } = args.request as { protocol: string; headers: Record<string, string> };
        const isChecked = Object.keys(headers).some((name) => /^(content-md5|x-amz-checksum-.*)$/i.test(name));
        if (commandName === 'UploadPartCommand' && protocol === 'https:' && isChecked) {
          headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
        }
        return next(args);
      },
    // After the SDK has added its checksum.
    { step: 'build', priority: 'low', name: 'leavePartsUnsigned' },
  );
}

/**
 * Repeats a request with a new session token when S3 refuses the old one. The SDK renews credentials by the expiry time
 * that came with them, so after a role was revoked or with a wrong clock it would use refused credentials for hours.
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

/** Returns the keys of a configuration, or undefined to let the SDK use the environment, the profile or the role. */
export function credentialsOf({ accessKeyId, secretAccessKey, sessionToken }: Config) {
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken } : undefined;
}
