import { randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListMultipartUploadsCommand,
  type MultipartUpload,
  paginateListObjectsV2,
  type _Object,
  S3Client,
} from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { type Credentials, type InMemoryS3, startInMemoryS3 } from './in-memory-s3';

/** An entry of a listing. */
export interface ListedObject {
  key: string;
  size: number;
  etag?: string;
  lastModified?: Date;
  storageClass?: string;
}

/** An object as a raw client reads it. */
export interface ReadObject {
  bytes: Buffer;
  contentType?: string;
  cacheControl?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  etag?: string;
  lastModified?: Date;
  metadata?: Record<string, string>;
  storageClass?: string;
  serverSideEncryption?: string;
  sseKmsKeyId?: string;
}

export interface S3UnderTest {
  /** The in-memory server's own handle; absent when the server is external. */
  memory?: InMemoryS3;
  /** Whether it is Ceph's gateway, whose release 16 differs from S3 in what tests then name. */
  isCephRgw: boolean;
  endpoint: string;
  region: string;
  credentials: Credentials;
  /** A raw path-style client, which sees what was stored without the code under test. */
  client: S3Client;
  /** Creates an empty bucket with a new name, and returns the name. */
  createBucket(): Promise<string>;
  /** Returns the objects below a prefix, in the order of the server. */
  objects(bucket: string, prefix?: string): Promise<ListedObject[]>;
  /** @throws the client's NoSuchKey */
  read(bucket: string, key: string): Promise<ReadObject>;
  /** Returns the uploads that were neither completed nor aborted. */
  multipartUploads(bucket: string): Promise<MultipartUpload[]>;
  /** Empties and deletes the buckets it created, and stops the server if it started it. */
  close(): Promise<void>;
}

/**
 * Connects to the S3 that integration tests run on: the one that `S3_TEST_ENDPOINT`, `S3_TEST_ACCESS_KEY_ID`,
 * `S3_TEST_SECRET_ACCESS_KEY` and `S3_TEST_REGION` name, else a new in-memory one.
 *
 * @param inMemory whether it must be an in-memory one, because a test makes it fail or reads its request log
 * @throws Error when an endpoint is named without its keys
 */
export async function startS3UnderTest({ inMemory = false } = {}): Promise<S3UnderTest> {
  const external = inMemory ? undefined : readEnvironment();
  const memory = external ? undefined : await startInMemoryS3();
  const { endpoint, region, credentials } = (external ?? memory) as Connection;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, logger: silentLogger });
  const buckets: string[] = [];

  return {
    memory,
    isCephRgw: await isCephRgw(endpoint),
    endpoint,
    region,
    credentials,
    client,
    async createBucket() {
      const bucket = `test-${randomBytes(8).toString('hex')}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      buckets.push(bucket);
      return bucket;
    },
    async objects(bucket, prefix) {
      return (await listAll(client, bucket, prefix)).map((object) => ({
        key: object.Key ?? '',
        size: object.Size ?? 0,
        etag: object.ETag,
        lastModified: object.LastModified,
        storageClass: object.StorageClass,
      }));
    },
    async read(bucket, key) {
      return describe(await client.send(new GetObjectCommand({ Bucket: bucket, Key: key })));
    },
    multipartUploads: (bucket) => listUploads(client, bucket),
    async close() {
      if (external) for (const bucket of buckets) await removeBucket(client, bucket);
      client.destroy();
      await memory?.close();
    },
  };
}

/** Keeps the SDK from printing the refusals that tests provoke. */
const silentLogger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

type Connection = Pick<S3UnderTest, 'endpoint' | 'region' | 'credentials'>;

function readEnvironment(): Connection | undefined {
  const {
    S3_TEST_ENDPOINT: endpoint,
    S3_TEST_ACCESS_KEY_ID: accessKeyId,
    S3_TEST_SECRET_ACCESS_KEY: secretAccessKey,
    S3_TEST_REGION: region = 'us-east-1',
  } = process.env;
  if (!endpoint) return undefined;
  if (!accessKeyId || !secretAccessKey) {
    throw new Error('S3_TEST_ENDPOINT needs S3_TEST_ACCESS_KEY_ID and S3_TEST_SECRET_ACCESS_KEY.');
  }
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}

/** Ceph's gateway has no Server header; its transaction ids are unmistakable. */
async function isCephRgw(endpoint: string): Promise<boolean> {
  const response = await fetch(endpoint);
  await response.arrayBuffer();
  return /^tx[0-9a-f]{21}-/.test(response.headers.get('x-amz-request-id') ?? '');
}

async function listAll(client: S3Client, bucket: string, prefix?: string): Promise<_Object[]> {
  const objects: _Object[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    objects.push(...(page.Contents ?? []));
  }
  return objects;
}

async function listUploads(client: S3Client, bucket: string): Promise<MultipartUpload[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return Uploads;
}

async function describe(output: GetObjectCommandOutput): Promise<ReadObject> {
  return {
    bytes: Buffer.from((await output.Body?.transformToByteArray()) ?? []),
    contentType: output.ContentType,
    cacheControl: output.CacheControl,
    contentDisposition: output.ContentDisposition,
    contentEncoding: output.ContentEncoding,
    etag: output.ETag,
    lastModified: output.LastModified,
    metadata: output.Metadata,
    storageClass: output.StorageClass,
    serverSideEncryption: output.ServerSideEncryption,
    sseKmsKeyId: output.SSEKMSKeyId,
  };
}

async function removeBucket(client: S3Client, bucket: string): Promise<void> {
  for (const { Key, UploadId } of await listUploads(client, bucket)) {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  }
  const atATime = pLimit(16);
  await Promise.all(
    (await listAll(client, bucket)).map(({ Key }) =>
      atATime(() => client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))),
    ),
  );
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
}
