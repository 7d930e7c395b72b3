import { randomBytes } from 'node:crypto';
import { thisMonth } from '../adapter';
import { adapterConfig } from '../ghost/adapter-config';
import { AdminApi } from '../ghost/admin-api';
import { freePort, startGhost, type RunningGhost } from '../ghost/boot';
import type { JsonObject } from '../ghost/config';
import { installGhost } from '../ghost/install';
import { startS3UnderTest, type S3UnderTest } from '../s3-under-test';
import { startTlsCdn, type TlsCdn } from '.';

export interface BlogBehindCdnOptions {
  /** The site's subdirectory: `/blog`. */
  subdirectory?: string;
  /** Returns Ghost's configuration for a storage adapter's options; default: the README's. */
  configOf?: (options: { cdnUrl: string } & JsonObject) => JsonObject;
  /** Ghost's version; default as in `installGhost`. */
  version?: string;
}

/** A real Ghost, its bucket, and `https://images.example.test` in front of both. */
export interface BlogBehindCdn {
  ghost: RunningGhost;
  /** The Admin API, authenticated as the owner. */
  admin: AdminApi;
  cdn: TlsCdn;
  s3: S3UnderTest;
  bucket: string;
  /** Sent by the CDN to Ghost in `X-Ghost-Cdn-Fallback-Key`. */
  fallbackSecret: string;
  /** This month's directory: `2026/11`. */
  month: string;
  /** Returns the keys with a prefix, sorted. */
  keys(prefix?: string): Promise<string[]>;
  close(): Promise<void>;
}

/** Starts a new blog with an owner, and a CDN that falls back to it. */
export async function openBlogBehindCdn(options: BlogBehindCdnOptions = {}): Promise<BlogBehindCdn> {
  const { subdirectory = '', configOf = adapterConfig, version } = options;
  const install = await installGhost({ version });
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const s3 = await startS3UnderTest();
    closers.push(() => s3.close());
    const bucket = await s3.createBucket();
    const cdn = await startTlsCdn({ s3, bucket });
    closers.push(() => cdn.close());

    const { endpoint, region } = s3;
    // The SDK adds the source of the credentials to the object that it gets; Ghost needs only these two.
    const { accessKeyId, secretAccessKey } = s3.credentials;
    const fallbackSecret = randomBytes(24).toString('hex');
    const storage = { bucket, region, endpoint, forcePathStyle: true, accessKeyId, secretAccessKey };
    const config = configOf({ ...storage, cdnUrl: cdn.url, cdnFallbackSecret: fallbackSecret });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}${subdirectory}`;
    const ghost = await startGhost({ install, config, port, url, env: cdn.ghostEnvironment });
    closers.push(() => ghost.stop());
    await cdn.setGhost({ url: ghost.url, fallbackSecret });
    const admin = await AdminApi.setUp(ghost.url);

    return {
      ghost,
      admin,
      cdn,
      s3,
      bucket,
      fallbackSecret,
      month: thisMonth(),
      keys: async (prefix) => (await s3.objects(bucket, prefix)).map(({ key }) => key).sort(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
