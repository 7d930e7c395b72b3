import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
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
  /** The API, signed in as the owner. */
  admin: AdminApi;
  /** `http://images.localhost:<port>` */
  cdnUrl: string;
  /** This month's directory, `2026/11`. */
  month: string;
  /** The keys in the bucket that begin so, sorted. */
  keys(prefix?: string): Promise<string[]>;
  /** An object, asked of S3 itself. */
  read(key: string): Promise<StoredObject>;
  /** Every file below the content folders that Ghost's local storage would have used. */
  filesOnDisk(): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * Opens a new blog, as a user sets it up: the package's folder in `content/adapters/storage`, the documented
 * configuration, an owner.
 *
 * @param env for Ghost's process
 * @param tenantPrefix of a bucket that the blog shares with others
 */
export async function openBlog(env?: Record<string, string>, tenantPrefix?: string): Promise<Blog> {
  const install = await installGhost();
  const s3 = await startS3UnderTest();
  const bucket = await s3.createBucket();
  const { endpoint, region } = s3;
  // The SDK notes on the object that it was given where its credentials come from; Ghost gets the two that count.
  const { accessKeyId, secretAccessKey } = s3.credentials;
  const credentials = { accessKeyId, secretAccessKey };
  const cdn = await startCdnStandIn({ s3: { endpoint, region, bucket, credentials } });
  const fallbackSecret = randomUUID();
  const storage = { bucket, region, endpoint, forcePathStyle: true, tenantPrefix, ...credentials };
  const config = adapterConfig({ ...storage, cdnUrl: cdn.url, cdnFallbackSecret: fallbackSecret });
  const stopServers = async () => {
    await cdn.close();
    await s3.close();
  };

  let ghost: RunningGhost;
  try {
    ghost = await startGhost({ install, config, env });
  } catch (error) {
    await stopServers();
    throw error;
  }
  cdn.setGhost({ url: ghost.url, fallbackSecret });
  const admin = await AdminApi.setUp(ghost.url);

  const now = new Date();
  return {
    ghost,
    admin,
    cdnUrl: cdn.url,
    month: `${now.getFullYear()}/${String(now.getMonth() + 1).padStart(2, '0')}`,
    keys: async (prefix) => (await s3.objects(bucket, prefix)).map(({ key }) => key).sort(),
    read: (key) => s3.read(bucket, key),
    filesOnDisk: async () => {
      const folders = ['images', 'media', 'files'].map((name) => join(ghost.contentPath, name));
      const entries = await Promise.all(folders.map((path) => readdir(path, { recursive: true, withFileTypes: true })));
      return entries.flat().flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
    },
    close: async () => {
      await ghost.stop();
      await stopServers();
    },
  };
}
