import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { thisMonth } from '../support/adapter';
import { startCdnStandIn } from '../support/cdn-stand-in';
import { adapterConfig } from '../support/ghost/adapter-config';
import { AdminApi } from '../support/ghost/admin-api';
import { startGhost, type RunningGhost } from '../support/ghost/boot';
import { installGhost } from '../support/ghost/install';
import { startS3UnderTest } from '../support/s3-under-test';

export interface StoredObject {
  bytes: Buffer;
  contentType?: string;
  cacheControl?: string;
  contentDisposition?: string;
}

/** A real Ghost with the built adapter, its bucket, and the CDN domain in front of both. */
export interface Blog {
  ghost: RunningGhost;
  /** The Admin API, authenticated as the owner. */
  admin: AdminApi;
  /** The URL of the CDN in Ghost's configuration. */
  cdnUrl: string;
  /** Where the CDN is: `http://images.localhost:<port>` */
  cdnAt: string;
  /** This month's directory: `2026/11`. */
  month: string;
  /** Returns the keys with a prefix, sorted. */
  keys(prefix?: string): Promise<string[]>;
  /** Reads an object from S3, not through the CDN. */
  read(key: string): Promise<StoredObject>;
  /** Returns every file in the folders that Ghost's local storage would have used. */
  filesOnDisk(): Promise<string[]>;
  close(): Promise<void>;
}

interface BlogOptions {
  env?: Record<string, string>;
  tenantPrefix?: string;
  cdnUrl?: string;
}

/**
 * Starts a new blog as a user sets it up: with the package's folder in `content/adapters/storage`, the documented
 * configuration and an owner.
 *
 * @param options.env for Ghost's process
 * @param options.tenantPrefix for a bucket that the blog shares with others
 * @param options.cdnUrl the CDN's domain, where it is not in DNS; default: the URL at which the CDN can be reached
 */
export async function openBlog({ env, tenantPrefix, cdnUrl }: BlogOptions = {}): Promise<Blog> {
  const install = await installGhost();
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const s3 = await startS3UnderTest();
    closers.push(() => s3.close());
    const bucket = await s3.createBucket();
    const { endpoint, region } = s3;
    // The SDK adds the source of the credentials to the object that it gets; Ghost needs only these two.
    const { accessKeyId, secretAccessKey } = s3.credentials;
    const credentials = { accessKeyId, secretAccessKey };
    const cdn = await startCdnStandIn({ s3: { endpoint, region, bucket, credentials } });
    closers.push(() => cdn.close());
    const fallbackSecret = randomUUID();
    const storage = { bucket, region, endpoint, forcePathStyle: true, tenantPrefix, ...credentials };
    const config = adapterConfig({ ...storage, cdnUrl: cdnUrl ?? cdn.url, cdnFallbackSecret: fallbackSecret });
    const ghost = await startGhost({ install, config, env });
    closers.push(() => ghost.stop());
    cdn.setGhost({ url: ghost.url, fallbackSecret });
    const admin = await AdminApi.setUp(ghost.url);

    return {
      ghost,
      admin,
      cdnUrl: cdnUrl ?? cdn.url,
      cdnAt: cdn.url,
      month: thisMonth(),
      keys: async (prefix) => (await s3.objects(bucket, prefix)).map(({ key }) => key).sort(),
      read: (key) => s3.read(bucket, key),
      filesOnDisk: () => filesBelow(ghost.contentPath),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function filesBelow(contentPath: string): Promise<string[]> {
  const folders = ['images', 'media', 'files'].map((name) => join(contentPath, name));
  const entries = await Promise.all(folders.map((path) => readdir(path, { recursive: true, withFileTypes: true })));
  return entries.flat().flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}
