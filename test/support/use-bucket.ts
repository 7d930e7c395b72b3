import { PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { createAdapter, createUploadFolder, optionsFor, type UploadFolder } from './adapter';
import { type BucketOptions, type InMemoryS3, type InMemoryS3Options, startInMemoryS3 } from './in-memory-s3';
import { type S3UnderTest, startS3UnderTest } from './s3-under-test';

// Setup that many test files need. Each function registers Jest's hooks and returns an object that the hooks fill, so
// that tests may take it apart only while they run.

/** A bucket on the S3 under test, seen without the code under test. */
export interface TestBucket {
  server: S3UnderTest;
  name: string;
  /** Returns the options with which an adapter reaches the bucket. */
  options(overrides?: Record<string, unknown>): Record<string, unknown>;
  createAdapter(overrides?: Record<string, unknown>): S3CloudFrontStorage;
  put(key: string, body: PutObjectCommandInput['Body'], further?: Partial<PutObjectCommandInput>): Promise<unknown>;
  objects(prefix?: string): ReturnType<S3UnderTest['objects']>;
  /** Returns all keys in the order of the server's listing. */
  keys(): Promise<string[]>;
  /** @throws the client's NoSuchKey */
  read(key: string): ReturnType<S3UnderTest['read']>;
  /** Returns the uploads that were neither completed nor aborted. */
  multipartUploads(): ReturnType<S3UnderTest['multipartUploads']>;
}

/**
 * Starts the S3 under test before the tests of a file, and closes it after them. Injected faults end with their test.
 *
 * @param per what gets a new, empty bucket: each test, or the whole file
 * @param inMemory whether it must be the in-memory S3
 */
export function useBucket({
  per = 'test',
  inMemory = false,
}: { per?: 'test' | 'file'; inMemory?: boolean } = {}): TestBucket {
  const bucket = {} as TestBucket;
  beforeAll(async () => {
    bucket.server = await startS3UnderTest({ inMemory });
  });
  const create = async () => Object.assign(bucket, bucketOn(bucket.server, await bucket.server.createBucket()));
  if (per === 'file') beforeAll(create);
  else beforeEach(create);
  afterEach(() => bucket.server.memory?.clearFaults());
  // Absent when it could not be started.
  afterAll(() => (bucket.server as S3UnderTest | undefined)?.close());
  return bucket;
}

function bucketOn(server: S3UnderTest, name: string): TestBucket {
  return {
    server,
    name,
    options: (overrides) => optionsFor(server, name, overrides),
    createAdapter: (overrides) => createAdapter(server, name, overrides),
    put: (key, body, further) =>
      server.client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: body, ...further })),
    objects: (prefix) => server.objects(name, prefix),
    keys: async () => (await server.objects(name)).map(({ key }) => key),
    read: (key) => server.read(name, key),
    multipartUploads: () => server.multipartUploads(name),
  };
}

/** Creates a folder for uploads before the tests of a file, and removes it after them. */
export function useUploadFolder(): UploadFolder {
  const folder = {} as UploadFolder;
  beforeAll(async () => Object.assign(folder, await createUploadFolder()));
  afterAll(() => folder.remove());
  return folder;
}

/** Starts the in-memory S3 before the tests of a file, and closes it after them. Faults end with the test that injects them. */
export function useInMemoryS3(options?: InMemoryS3Options): InMemoryS3 & {
  /** Creates an empty bucket with a new name, and returns the name. */
  newBucket(bucketOptions?: BucketOptions): string;
} {
  const server = {} as ReturnType<typeof useInMemoryS3>;
  let count = 0;
  beforeAll(async () => {
    Object.assign(server, await startInMemoryS3(options));
    server.newBucket = (bucketOptions) => {
      const name = `bucket-${(count += 1)}`;
      server.createBucket(name, bucketOptions);
      return name;
    };
  });
  afterEach(() => server.clearFaults());
  afterAll(() => server.close());
  return server;
}
