import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listen } from '../local-server';
import { User } from './authorization';
import { Faults } from './faults';
import { handleRequest } from './handle-request';
import type { ServerState } from './operation';
import { assertBucketName } from './operations/buckets';
import { sortedParts } from './operations/multipart';
import { parsePolicy } from './policy';
import { Bucket } from './store';
import type { InMemoryS3, InMemoryS3Options } from './types';

export type * from './types';

const credentials = { accessKeyId: 'AKIAINMEMORYROOT0000', secretAccessKey: 'in-memory-root-secret' };

/**
 * Starts an S3 that keeps everything in memory and behaves like the real one wherever a storage adapter can tell the
 * difference, for tests and the demonstration.
 *
 * @returns once it listens on 127.0.0.1
 * @throws the operating system's error if the port is taken
 */
export async function startInMemoryS3(options: InMemoryS3Options = {}): Promise<InMemoryS3> {
  const state: ServerState = {
    region: options.region ?? 'us-east-1',
    latencyMs: options.latencyMs ?? 0,
    trustsBodies: options.trustsBodies ?? false,
    forgetsBodies: options.forgetsBodies ?? false,
    bandwidthBytesPerSecond: options.bandwidthBytesPerSecond,
    buckets: new Map(),
    users: new Map([[credentials.accessKeyId, new User(credentials, true)]]),
    faults: new Faults(),
    requests: [],
  };
  const server = createServer();
  // Clients decide how long to keep connections: one that closes just as it is reused looks like a fault.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const on = (event: 'request' | 'checkContinue', expectsContinue: boolean) =>
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      void handleRequest(state, request, response, expectsContinue);
    });
  on('request', false);
  on('checkContinue', true);
  const port = await listen(server, options.port);
  const bucketNamed = (name: string): Bucket => {
    const bucket = state.buckets.get(name);
    if (bucket) return bucket;
    throw new Error(`There is no bucket ${name}`);
  };

  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    region: state.region,
    requests: state.requests,
    credentials,
    createBucket(name, bucketOptions = {}) {
      assertBucketName(name);
      state.buckets.set(name, new Bucket(name, { region: state.region, ...bucketOptions }));
    },
    addUser({ policy, ...keys }) {
      state.users.set(keys.accessKeyId, new User(keys, false, policy));
    },
    setBucketPolicy(name, policy) {
      bucketNamed(name).policy = parsePolicy(JSON.stringify(policy));
    },
    injectFault: (fault) => state.faults.inject(fault),
    clearFaults: () => state.faults.clear(),
    objects: (name) => bucketNamed(name).objects,
    multipartUploads: (name) =>
      [...bucketNamed(name).uploads.values()].map((upload) => ({
        uploadId: upload.uploadId,
        key: upload.key,
        parts: sortedParts(upload).map(([partNumber, { content, etag }]) => ({ partNumber, size: content.size, etag })),
      })),
    openConnections: () => sockets.size,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
