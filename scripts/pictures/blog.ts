import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { type CdnStandIn, startCdnStandIn } from '../../test/support/cdn-stand-in';
import { adapterConfig } from '../../test/support/ghost/adapter-config';
import { AdminApi } from '../../test/support/ghost/admin-api';
import { type RunningGhost, startGhost } from '../../test/support/ghost/boot';
import { installGhost } from '../../test/support/ghost/install';
import { get } from '../../test/support/http-client';
import { startS3UnderTest } from '../../test/support/s3-under-test';

export const CDN_URL = 'https://images.example.com';

/** A real Ghost with the built adapter, whose files are on the CDN domain. */
export interface PicturedBlog {
  ghost: RunningGhost;
  admin: AdminApi;
  /** Lets a page load from the CDN domain, which exists only in its browser. */
  serveTo(page: Page): Promise<void>;
  close(): Promise<void>;
}

export async function openBlog(): Promise<PicturedBlog> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const install = await installGhost();
    const s3 = await startS3UnderTest();
    closers.push(() => s3.close());
    const bucket = await s3.createBucket();
    const { endpoint, region } = s3;
    const { accessKeyId, secretAccessKey } = s3.credentials;
    const credentials = { accessKeyId, secretAccessKey };
    const cdn = await startCdnStandIn({ s3: { endpoint, region, bucket, credentials } });
    closers.push(() => cdn.close());
    const cdnFallbackSecret = randomUUID();
    const storage = { bucket, region, endpoint, forcePathStyle: true, ...credentials };
    const config = adapterConfig({ ...storage, cdnUrl: CDN_URL, cdnFallbackSecret });
    const ghost = await startGhost({ install, config });
    closers.push(() => ghost.stop());
    cdn.setGhost({ url: ghost.url, fallbackSecret: cdnFallbackSecret });
    const admin = await AdminApi.setUp(ghost.url);
    return { ghost, admin, serveTo: (page) => serveTo(page, cdn), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function serveTo(page: Page, cdn: CdnStandIn): Promise<void> {
  await page.route(`${CDN_URL}/**`, async (route) => {
    const { status, headers, body } = await get(route.request().url().replace(CDN_URL, cdn.url));
    await route.fulfill({ status, contentType: String(headers['content-type']), body });
  });
}
