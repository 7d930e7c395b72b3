import path from 'node:path';
import type { InMemoryS3Options } from '../../test/support/in-memory-s3';
import { Child } from './child';
import type { S3Address, S3Answer, S3Request } from './s3-process';

/** The latency and the bandwidth per connection to a server on the same continent. */
export const FROM_A_VPS = { latencyMs: 20, bandwidthBytesPerSecond: 40_000_000 };

/** The S3 server of a benchmark. */
export interface S3Server extends S3Address {
  /** Environment variables that some adapters need to store on it. */
  environment?: Record<string, string>;
  createBucket(bucket: string): Promise<void>;
  /** @param bytes the size of each object */
  fill(bucket: string, keys: string[], bytes: number): Promise<void>;
  /** Returns the requests since the last call; undefined if the server does not record them. */
  takeRequests(): Promise<S3Answer['requests']>;
  close(): Promise<void>;
}

/** Starts an in-memory S3 in a separate process. */
export async function startS3Server(options: InMemoryS3Options): Promise<S3Server> {
  const script = path.resolve(__dirname, 's3-process.ts');
  const [child, address] = await Child.start<S3Request, S3Answer, S3Address>(script, {
    region: 'eu-central-1',
    ...options,
  });
  return {
    ...address,
    createBucket: async (bucket) => void (await child.ask({ do: 'create bucket', bucket })),
    fill: async (bucket, keys, bytes) => void (await child.ask({ do: 'fill', bucket, keys, bytes })),
    takeRequests: async () => (await child.ask({ do: 'take requests' })).requests,
    close: () => child.close(),
  };
}

/** The connection options for an adapter. */
export interface BucketOptions {
  bucket: string;
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  environment?: Record<string, string>;
}

/** Returns options with an AWS host name, so that every adapter behaves as it does on AWS. */
export function onAws(
  { port, region, ...rest }: Omit<BucketOptions, 'bucket'> & S3Address,
  bucket: string,
): BucketOptions {
  const { accessKeyId, secretAccessKey, environment } = rest;
  const endpoint = `http://s3.${region}.amazonaws.com:${port}`;
  return { bucket, endpoint, region, accessKeyId, secretAccessKey, environment };
}
