import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { BucketOptions } from './s3-server';
import { folderOf } from './peers';

const root = path.resolve(__dirname, '../..');
/** Adapters are CommonJS, and loaded only when needed. */
const requireHere = createRequire(__filename);
const CDN_URL = 'https://images.example.com';
const MIB = 1024 * 1024;

/** The part of a Ghost storage adapter that is measured. */
export interface Storage {
  save(file: { name: string; path: string; type: string }, directory?: string): Promise<string>;
  saveRaw?(bytes: Buffer, target: string): Promise<string>;
  serve?(): Handler;
}

/** An Express middleware. */
export type Handler = (request: unknown, response: unknown, next: (error?: unknown) => void) => void;

/** The contenders. The raw request is the limit: every adapter needs at least that. */
export type StorageName =
  | 'S3CloudFrontStorage'
  | "Ghost's S3Storage"
  | 'ghost-storage-adapter-s3'
  | 'ghos3'
  | "Ghost's disk"
  | RawName
  | LibStorageName;

/** Requests of the SDK alone: one for a whole file, and as many as this adapter sends for a large one. */
type RawName = 'raw request' | 'raw requests of 6 MiB, 8 at a time';

/** The SDK's own upload in parts: as it is, and with the part size and the concurrency of this adapter. */
type LibStorageName = "lib-storage's Upload" | "lib-storage's Upload, 8 parts of 6 MiB";

/** The contenders that Ghost can be configured to use. */
export type AdapterName = Exclude<StorageName, RawName | LibStorageName>;

/** The argument of a contender's process. */
export interface StorageOptions {
  name: StorageName;
  /** Folder of an installed Ghost. */
  ghost: string;
  bucket: BucketOptions;
  /** Where Ghost's disk storage writes. */
  folder: string;
}

/** Returns the path of the module whose load time counts for a storage. */
export function moduleOf(name: AdapterName, ghost: string): string {
  switch (name) {
    case 'S3CloudFrontStorage':
      return path.join(root, 'dist/index.js');
    case "Ghost's S3Storage":
      return path.join(ghost, 'core/server/adapters/storage/S3Storage.js');
    case "Ghost's disk":
      return path.join(ghost, 'core/server/adapters/storage/LocalStorageBase.js');

    case 'ghos3':
    case 'ghost-storage-adapter-s3':
      return createRequire(path.join(folderOf(name), 'package.json')).resolve(name);
  }
}

/** Creates a storage the way Ghost's adapter manager does. */
export function createStorage({ name, ghost, bucket, folder }: StorageOptions): Storage {
  if (name === 'raw request') {
    return new RawRequests(bucket);
  }
  if (name === 'raw requests of 6 MiB, 8 at a time') {
    return new RawPieces(bucket);
  }
  if (name === "lib-storage's Upload") {
    return new LibStorage(bucket, {});
  }
  if (name === "lib-storage's Upload, 8 parts of 6 MiB") {
    return new LibStorage(bucket, { partSize: 6 * MIB, queueSize: 8 });
  }
  const loaded = requireHere(moduleOf(name, ghost)) as { default?: unknown };
  const Class = (loaded.default ?? loaded) as new (options: object) => Storage;
  return new Class(optionsOf(name, bucket, folder));
}

/** Returns the options that Ghost passes to a storage. */
export function optionsOf(name: AdapterName, bucket: BucketOptions, folder: string): object {
  const keys = { accessKeyId: bucket.accessKeyId, secretAccessKey: bucket.secretAccessKey };
  const s3 = { ...keys, bucket: bucket.bucket, region: bucket.region, endpoint: bucket.endpoint, forcePathStyle: true };
  const staticFileURLPrefix = 'content/images';
  switch (name) {
    case 'S3CloudFrontStorage':
      return { ...s3, cdnUrl: CDN_URL, serve: 'stream' };
    case "Ghost's S3Storage":
      // The configuration that Ghost documents: https://docs.ghost.org/config
      return {
        ...s3,
        cdnUrl: CDN_URL,
        staticFileURLPrefix,
        multipartUploadThresholdBytes: 10 * MIB,
        multipartChunkSizeBytes: 10 * MIB,
      };
    case "Ghost's disk":
      return { storagePath: folder, staticFileURLPrefix, siteUrl: 'https://blog.example.com/' };
    case 'ghos3':
    case 'ghost-storage-adapter-s3':
      return { ...s3, assetHost: CDN_URL, pathPrefix: staticFileURLPrefix };
  }
}

/** Stores each file with one SDK request, under a unique name. */
class RawRequests implements Storage {
  private readonly sdk = requireHere('@aws-sdk/client-s3') as typeof import('@aws-sdk/client-s3');
  private readonly client;

  constructor(private readonly options: BucketOptions) {
    this.client = clientOf(this.sdk, options);
  }

  async save(file: { path: string; type: string }): Promise<string> {
    const Key = `content/images/${randomUUID()}`;
    const Body = await readFile(file.path);
    const request = { Bucket: this.options.bucket, Key, Body, ContentType: file.type };
    await this.client.send(new this.sdk.PutObjectCommand(request));
    return Key;
  }

  serve(): Handler {
    return (request, response, next) => {
      const { path: key, headers } = request as { path: string; headers: { range?: string } };
      const wanted = { Bucket: this.options.bucket, Key: `content/images${key}`, Range: headers.range };
      this.client.send(new this.sdk.GetObjectCommand(wanted)).then(({ Body }) => {
        (Body as NodeJS.ReadableStream).pipe(response as NodeJS.WritableStream);
      }, next);
    };
  }
}

/** Stores the pieces of a file as objects of their own: an upload in parts can hardly be faster. */
class RawPieces implements Storage {
  private readonly sdk = requireHere('@aws-sdk/client-s3') as typeof import('@aws-sdk/client-s3');
  private readonly client;

  constructor(private readonly options: BucketOptions) {
    this.client = new this.sdk.S3Client({ ...settingsOf(options), requestChecksumCalculation: 'WHEN_REQUIRED' });
  }

  async save(file: { path: string }): Promise<string> {
    const Key = `content/images/${randomUUID()}`;
    const Bucket = this.options.bucket;
    const handle = await open(file.path);
    try {
      const { size } = await handle.stat();
      let next = 0;
      const send = async () => {
        const buffer = Buffer.allocUnsafeSlow(6 * MIB);
        while (next < size) {
          const position = next;
          next += buffer.length;
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
          const Body = buffer.subarray(0, bytesRead);
          await this.client.send(new this.sdk.PutObjectCommand({ Bucket, Key: `${Key}-${position}`, Body }));
        }
      };
      await Promise.all(Array.from({ length: 8 }, send));
    } finally {
      await handle.close();
    }
    return Key;
  }
}

/** The SDK's own upload in parts: the yardstick of multipart-upload.ts. */
class LibStorage implements Storage {
  private readonly sdk = requireHere('@aws-sdk/client-s3') as typeof import('@aws-sdk/client-s3');
  private readonly lib = requireHere('@aws-sdk/lib-storage') as typeof import('@aws-sdk/lib-storage');
  private readonly client;

  constructor(
    private readonly options: BucketOptions,
    private readonly parts: { partSize?: number; queueSize?: number },
  ) {
    this.client = clientOf(this.sdk, options);
  }

  async save(file: { path: string; type: string }): Promise<string> {
    const Key = `content/images/${randomUUID()}`;
    const Body = createReadStream(file.path);
    const params = { Bucket: this.options.bucket, Key, Body, ContentType: file.type };
    await new this.lib.Upload({ client: this.client, params, ...this.parts }).done();
    return Key;
  }
}

function settingsOf({ endpoint, region, accessKeyId, secretAccessKey }: BucketOptions): S3ClientConfig {
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true };
}

const clientOf = (sdk: typeof import('@aws-sdk/client-s3'), options: BucketOptions): S3Client =>
  new sdk.S3Client(settingsOf(options));

/** Returns the SHA-256 of bytes, in hexadecimal digits. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
