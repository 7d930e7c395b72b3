import path from 'node:path';
import type { InMemoryS3Options } from '../../test/support/in-memory-s3';
import { Child } from './child';
import type { S3Address, S3Answer, S3Request } from './s3-process';

/** A server on the same continent: so long a request takes, and so much one connection carries. */
export const FROM_A_VPS = { latencyMs: 20, bandwidthBytesPerSecond: 40_000_000 };

/** The S3 of a benchmark. */
export interface S3Server extends S3Address {
  /** Variables without which some adapters cannot store there. */
  environment?: Record<string, string>;
  createBucket(bucket: string): Promise<void>;
  /** @param bytes of each object */
  fill(bucket: string, keys: string[], bytes: number): Promise<void>;
  /** What was requested since the last question; undefined where nobody counts. */
  takeRequests(): Promise<S3Answer['requests']>;
  close(): Promise<void>;
}

/** Starts an S3 in a process of its own. */
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

/** Where an adapter finds its bucket. */
export interface BucketOptions {
  bucket: string;
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  environment?: Record<string, string>;
}

/** The address of a bucket under a host name of AWS, so that every adapter does what it does there. */
export function onAws(
  { port, region, ...rest }: Omit<BucketOptions, 'bucket'> & S3Address,
  bucket: string,
): BucketOptions {
  const { accessKeyId, secretAccessKey, environment } = rest;
  const endpoint = `http://s3.${region}.amazonaws.com:${port}`;
  return { bucket, endpoint, region, accessKeyId, secretAccessKey, environment };
}
