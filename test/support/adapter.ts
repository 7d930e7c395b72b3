import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { S3CloudFrontStorage } from '../../src/adapter/adapter';

export const CDN_URL = 'https://images.example.com';

/** The options with which an adapter reaches a bucket of a test server. */
export function optionsFor(
  server: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } },
  bucket: string,
  overrides: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    bucket,
    cdnUrl: CDN_URL,
    region: server.region,
    endpoint: server.endpoint,
    forcePathStyle: true,
    accessKeyId: server.credentials.accessKeyId,
    secretAccessKey: server.credentials.secretAccessKey,
    ...overrides,
  };
}

export function createAdapter(...args: Parameters<typeof optionsFor>): S3CloudFrontStorage {
  return new S3CloudFrontStorage(optionsFor(...args));
}

/** A folder for uploads, as Ghost's temporary folder. */
export interface UploadFolder {
  /** Writes a temporary file, and gives what Ghost would pass to `save` for it. */
  file(name: string, bytes: Uint8Array | string, type?: string): Promise<{ name: string; path: string; type?: string }>;
  path: string;
  remove(): Promise<void>;
}

export async function createUploadFolder(): Promise<UploadFolder> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 's3-cloudfront-uploads-'));
  let count = 0;
  return {
    path: folder,
    async file(name, bytes, type) {
      const file = path.join(folder, `${(count += 1)}_processed`);
      await writeFile(file, bytes);
      return { name, path: file, type };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** This month's directory, as Ghost's base class names it. */
export function thisMonth(): string {
  const now = new Date();
  return `${now.getFullYear()}/${String(now.getMonth() + 1).padStart(2, '0')}`;
}
