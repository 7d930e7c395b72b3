// An in-memory S3 in a separate process, so that the measured program has a processor of its own.
// Forked with the options of `startInMemoryS3` as JSON; sends its address and keys, then an answer to each `S3Request`,
// and ends with its parent.
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { startInMemoryS3, type InMemoryS3, type InMemoryS3Options } from '../../test/support/in-memory-s3';

/** The first message to the parent. */
export interface S3Address {
  endpoint: string;
  port: number;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** The parent's requests. */
export type S3Request =
  /** Creates a bucket, or empties an existing one, and clears the recorded requests. */
  | { do: 'create bucket'; bucket: string }
  /** Stores objects of `bytes` bytes under these keys. */
  | { do: 'fill'; bucket: string; keys: string[]; bytes: number }
  /** Returns and clears the recorded requests. */
  | { do: 'take requests' };

export interface S3Answer {
  requests?: { operation: string; startedAtMs: number; endedAtMs: number }[];
}

const FILLING_AT_A_TIME = 64;

async function answer(server: InMemoryS3, request: S3Request): Promise<S3Answer> {
  switch (request.do) {
    case 'create bucket':
      // rclone and some adapters send an ACL with every object.
      server.createBucket(request.bucket, { objectOwnership: 'ObjectWriter' });
      server.requests.length = 0;
      return {};
    case 'fill':
      await fill(server, request);
      server.requests.length = 0;
      return {};
    case 'take requests': {
      const requests = server.requests.splice(0);
      return {
        requests: requests.map(({ operation, startedAtMs, endedAtMs }) => ({ operation, startedAtMs, endedAtMs })),
      };
    }
  }
}

async function fill(
  { endpoint, region, credentials }: InMemoryS3,
  { bucket, keys, bytes }: Extract<S3Request, { do: 'fill' }>,
): Promise<void> {
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const atATime = pLimit(FILLING_AT_A_TIME);
  const Body = Buffer.alloc(bytes, 'x');
  await Promise.all(keys.map((Key) => atATime(() => client.send(new PutObjectCommand({ Bucket: bucket, Key, Body })))));
  client.destroy();
}

async function main(options: InMemoryS3Options): Promise<void> {
  const server = await startInMemoryS3(options);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (request: S3Request) => {
    answer(server, request).then(
      (given) => process.send?.(given),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  const { endpoint, port, region, credentials } = server;
  process.send?.({ endpoint, port, region, ...credentials } satisfies S3Address);
}

void main(JSON.parse(process.argv[2] ?? '{}') as InMemoryS3Options);
