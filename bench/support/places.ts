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
  /** The suffix of result names: empty, or `-ceph`. */
  suffix: string;
  /** Its description in titles. */
  words: string;
  /** The bandwidth of one connection in bytes per second, if known. */
  bandwidthBytesPerSecond?: number;
  start(): Promise<S3Server>;
}

/** The in-memory S3, some milliseconds away. */
export const AT_SOME_DISTANCE: Place = {
  suffix: '',
  words: 'S3 20 ms away, 40 MB/s on each connection',
  bandwidthBytesPerSecond: FROM_A_VPS.bandwidthBytesPerSecond,
  start: () => startS3Server({ ...FROM_A_VPS, trustsBodies: true }),
};

/**
 * Returns Ceph's gateway if the variables of the integration tests name one: `S3_TEST_ENDPOINT`,
 * `S3_TEST_ACCESS_KEY_ID`, `S3_TEST_SECRET_ACCESS_KEY`.
 */
export function cephIfAvailable(): Place[] {
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

/** Returns a server that is already running and is left running. */
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
    // Ghost's S3Storage sends streams; without this the SDK adds trailers, which Ceph 16 refuses.
    environment: { AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_REQUIRED' },
    async createBucket(Bucket) {
      // For an existing bucket Ceph answers as if it had been created.
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
