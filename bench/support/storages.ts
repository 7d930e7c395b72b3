import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { BucketOptions } from './s3-server';
import { folderOf } from './peers';

const root = path.resolve(__dirname, '../..');
/** Adapters are CommonJS, and loaded when their turn has come. */
const requireHere = createRequire(__filename);
const CDN_URL = 'https://images.example.com';
const MIB = 1024 * 1024;

/** What a storage adapter is to Ghost, as far as it is measured. */
export interface Storage {
  save(file: { name: string; path: string; type: string }, directory?: string): Promise<string>;
  saveRaw?(bytes: Buffer, target: string): Promise<string>;
  serve?(): Handler;
}

/** A middleware of Express. */
export type Handler = (request: unknown, response: unknown, next: (error?: unknown) => void) => void;

/** What is compared. The raw request is the limit: nobody can do with less than it. */
export type StorageName =
  'S3CloudFrontStorage' | "Ghost's S3Storage" | 'ghost-storage-adapter-s3' | 'ghos3' | "Ghost's disk" | 'raw request';

/** Those that Ghost can be configured to use. */
export type AdapterName = Exclude<StorageName, 'raw request'>;

/** What a process of the benchmark is told. */
export interface StorageOptions {
  name: StorageName;
  /** Folder of a Ghost that is installed. */
  ghost: string;
  bucket: BucketOptions;
  /** For storing on the disk. */
  folder: string;
}

/** @returns the module that is loaded for a storage: what counts as its load time */
export function moduleOf(name: StorageName, ghost: string): string {
  switch (name) {
    case 'S3CloudFrontStorage':
      return path.join(root, 'dist/index.js');
    case "Ghost's S3Storage":
      return path.join(ghost, 'core/server/adapters/storage/S3Storage.js');
    case "Ghost's disk":
      return path.join(ghost, 'core/server/adapters/storage/LocalStorageBase.js');
    case 'raw request':
      return requireHere.resolve('@aws-sdk/client-s3');
    case 'ghos3':
    case 'ghost-storage-adapter-s3':
      return createRequire(path.join(folderOf(name), 'package.json')).resolve(name);
  }
}

/** Makes a storage as Ghost's adapter manager does it. */
export function createStorage({ name, ghost, bucket, folder }: StorageOptions): Storage {
  if (name === 'raw request') {
    return new RawRequests(bucket);
  }
  const loaded = requireHere(moduleOf(name, ghost)) as { default?: unknown };
  const Class = (loaded.default ?? loaded) as new (options: object) => Storage;
  return new Class(optionsOf(name, bucket, folder));
}

/** @returns what Ghost hands to a storage from its configuration */
export function optionsOf(name: AdapterName, bucket: BucketOptions, folder: string): object {
  const keys = { accessKeyId: bucket.accessKeyId, secretAccessKey: bucket.secretAccessKey };
  const s3 = { ...keys, bucket: bucket.bucket, region: bucket.region, endpoint: bucket.endpoint, forcePathStyle: true };
  const staticFileURLPrefix = 'content/images';
  switch (name) {
    case 'S3CloudFrontStorage':
      return { ...s3, cdnUrl: CDN_URL, serve: 'stream' };
    case "Ghost's S3Storage":
      // As Ghost documents it: https://docs.ghost.org/config
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

/** One request of the SDK for each file, under a name that nobody else has. */
class RawRequests implements Storage {
  private readonly sdk = requireHere('@aws-sdk/client-s3') as typeof import('@aws-sdk/client-s3');
  private readonly client;

  constructor(private readonly options: BucketOptions) {
    const { endpoint, region, accessKeyId, secretAccessKey } = options;
    this.client = new this.sdk.S3Client({
      endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
    });
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

/** The bytes that a storage has stored under a URL, as their digest. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
