import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { FROM_A_VPS, startS3Server, type S3Server } from './s3-server';

const AT_A_TIME = 8;

/** Where the S3 of a benchmark is. */
export interface Place {
  /** Of the names of its results: nothing, or `-ceph`. */
  suffix: string;
  /** For titles. */
  words: string;
  /** What one connection carries, in bytes a second, where that is known. */
  bandwidthBytesPerSecond?: number;
  start(): Promise<S3Server>;
}

/** The S3 in memory, at some distance. */
export const AT_SOME_DISTANCE: Place = {
  suffix: '',
  words: 'S3 20 ms away, 40 MB/s on each connection',
  bandwidthBytesPerSecond: FROM_A_VPS.bandwidthBytesPerSecond,
  start: () => startS3Server({ ...FROM_A_VPS, trustsBodies: true }),
};

/**
 * @returns Ceph's gateway where the variables of the integration tests name one: `S3_TEST_ENDPOINT`,
 * `S3_TEST_ACCESS_KEY_ID`, `S3_TEST_SECRET_ACCESS_KEY`
 */
export function cephIfThere(): Place[] {
  const {
    S3_TEST_ENDPOINT: endpoint,
    S3_TEST_ACCESS_KEY_ID: accessKeyId = '',
    S3_TEST_SECRET_ACCESS_KEY: secretAccessKey = '',
    S3_TEST_REGION: region = 'us-east-1',
  } = process.env;
  if (!endpoint) {
    return [];
  }
  const address = { endpoint, port: Number(new URL(endpoint).port), region, accessKeyId, secretAccessKey };
  return [
    { suffix: '-ceph', words: "Ceph's gateway on this machine", start: () => Promise.resolve(runningServer(address)) },
  ];
}

type Address = Pick<S3Server, 'endpoint' | 'port' | 'region' | 'accessKeyId' | 'secretAccessKey'>;

/** A server that runs already, and goes on. */
function runningServer(address: Address): S3Server {
  const { endpoint, region, accessKeyId, secretAccessKey } = address;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const atATime = pLimit(AT_A_TIME);
  const each = <T>(all: T[], step: (one: T) => Promise<unknown>) =>
    Promise.all(all.map((one) => atATime(() => step(one))));

  async function empty(Bucket: string): Promise<void> {
    for (;;) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      if (Contents.length === 0) {
        return;
      }
      await each(Contents, ({ Key }) => client.send(new DeleteObjectCommand({ Bucket, Key })));
    }
  }

  return {
    ...address,
    // Ghost's S3Storage sends streams, which get trailers else, and Ceph's release 16 refuses these.
    environment: { AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_REQUIRED' },
    async createBucket(Bucket) {
      // Of one that is there, Ceph says that it has been created.
      await client.send(new CreateBucketCommand({ Bucket }));
      await empty(Bucket);
    },
    async fill(Bucket, keys, bytes) {
      const Body = Buffer.alloc(bytes, 'x');
      await each(keys, (Key) => client.send(new PutObjectCommand({ Bucket, Key, Body })));
    },
    takeRequests: () => Promise.resolve(undefined),
    close: () => Promise.resolve(client.destroy()),
  };
}
