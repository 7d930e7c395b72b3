import { readFileSync } from 'node:fs';
import { GetObjectCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Server } from '../support/s3-server';
import { digestOf, type StorageName } from '../support/storages';

/** The adapters that store on S3, which are compared. */
export const ADAPTERS: StorageName[] = [
  'S3CloudFrontStorage',
  "Ghost's S3Storage",
  'ghos3',
  'ghost-storage-adapter-s3',
];

/** A bucket seen directly, without an adapter. */
export class Stored {
  readonly client: S3Client;

  constructor(
    server: S3Server,
    private readonly bucket: string,
  ) {
    const { port, region, accessKeyId, secretAccessKey } = server;
    const credentials = { accessKeyId, secretAccessKey };
    this.client = new S3Client({ endpoint: `http://127.0.0.1:${port}`, region, credentials, forcePathStyle: true });
  }

  /** Returns whether the object behind the URL that an adapter returned has the file's bytes. */
  async isWhole(url: string, file: string): Promise<boolean> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: keyOf(url) }));
      return digestOf((await Body?.transformToByteArray()) ?? Buffer.alloc(0)) === digestOf(readFileSync(file));
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') {
        return false;
      }
      throw error;
    }
  }

  /** Returns the number of unfinished multipart uploads. */
  async unfinishedUploads(): Promise<number> {
    const { Uploads = [] } = await this.client.send(new ListMultipartUploadsCommand({ Bucket: this.bucket }));
    return Uploads.length;
  }
}

/** Returns the key of a CDN URL. */
export const keyOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1));
