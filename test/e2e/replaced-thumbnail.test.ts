import { randomUUID } from 'node:crypto';
import { openBrowser, type Browser } from '../support/browser';
import { startCdnStandIn, type CdnStandIn } from '../support/cdn-stand-in';
import { startCloudFrontRecorder, type CloudFrontRecorder } from '../support/cloudfront-recorder';
import { fixture } from '../support/fixtures';
import { adapterConfig } from '../support/ghost/adapter-config';
import { AdminApi } from '../support/ghost/admin-api';
import { startGhost, type RunningGhost } from '../support/ghost/boot';
import { installGhost } from '../support/ghost/install';
import { startS3UnderTest, type S3UnderTest } from '../support/s3-under-test';
import { eventually } from './eventually';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

const DISTRIBUTION = 'E2THUMBNAILTEST';

describe('the thumbnail of a video that is replaced', () => {
  let s3: S3UnderTest;
  let cdn: CdnStandIn;
  let cloudfront: CloudFrontRecorder;
  let ghost: RunningGhost;
  let admin: AdminApi;
  const first = fixture('clip-thumbnail.jpg', 'clip.jpg');
  const other = fixture('clip-other-thumbnail.jpg', 'clip.jpg');

  beforeAll(async () => {
    const install = await installGhost();
    s3 = await startS3UnderTest();
    const bucket = await s3.createBucket();
    const { endpoint, region } = s3;
    const { accessKeyId, secretAccessKey } = s3.credentials;
    const credentials = { accessKeyId, secretAccessKey };
    cdn = await startCdnStandIn({ s3: { endpoint, region, bucket, credentials } });
    // As CloudFront does once an invalidation is complete. Ours has only what this test asked it for.
    cloudfront = await startCloudFrontRecorder({ onInvalidation: () => cdn.clearCache() });
    const fallbackSecret = randomUUID();
    ghost = await startGhost({
      install,
      config: adapterConfig({
        bucket,
        region,
        endpoint,
        forcePathStyle: true,
        ...credentials,
        cdnUrl: cdn.url,
        cdnFallbackSecret: fallbackSecret,
        distributionId: DISTRIBUTION,
      }),
      env: { AWS_ENDPOINT_URL_CLOUDFRONT: cloudfront.endpoint },
    });
    cdn.setGhost({ url: ghost.url, fallbackSecret });
    admin = await AdminApi.setUp(ghost.url);
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await ghost?.stop();
    await cloudfront?.close();
    await cdn?.close();
    await s3?.close();
  });

  /** A post with the video in it, as a new visitor sees it. */
  async function visit(url: string): Promise<{ thumbnail: Buffer; shown: string }> {
    const browser = await openBrowser();
    try {
      return await lookAt(browser, url);
    } finally {
      await browser.close();
    }
  }

  it('is the new one for visitors, though the CDN had the old one, and nothing else was dropped from it', async () => {
    const media = await admin.uploadMedia(fixture('clip.mp4'), first);
    const thumbnailUrl = media.thumbnail_url ?? '';
    const post = await publishVideo(admin, media.url, thumbnailUrl);
    const before = await visit(post.url);
    expect(before.thumbnail.equals(first.bytes as Buffer)).toBe(true);
    const path = new URL(thumbnailUrl).pathname;
    const later = await visit(post.url);
    expect(later.shown === before.shown).toBe(true);
    expect(cdn.requests.filter((request) => request.path === path).map(({ cache }) => cache)).toContain('hit');

    const replaced = await admin.uploadThumbnail(other, media.url);

    expect(replaced).toBe(thumbnailUrl);
    await eventually('an invalidation', () => Promise.resolve(cloudfront.invalidations[0]));
    const after = await visit(post.url);
    expect(after.thumbnail.equals(other.bytes as Buffer)).toBe(true);
    expect(after.shown === before.shown).toBe(false);
    expect(cloudfront.invalidations).toEqual([
      expect.objectContaining({ distributionId: DISTRIBUTION, paths: [path], status: 201 }),
    ]);
  });
});

function publishVideo(admin: AdminApi, url: string, thumbnailUrl: string) {
  const card = {
    type: 'video',
    version: 1,
    src: url,
    thumbnailSrc: thumbnailUrl,
    width: 640,
    height: 400,
    duration: 2,
  };
  const lexical = { root: { type: 'root', version: 1, format: '', indent: 0, direction: null, children: [card] } };
  return admin.createPost({ title: 'A clip', lexical: JSON.stringify(lexical), status: 'published' });
}

/** What the browser was sent as the video's thumbnail, and the pixels that it makes of what the page shows. */
async function lookAt({ page }: Browser, url: string): Promise<{ thumbnail: Buffer; shown: string }> {
  const loaded = page.waitForResponse((response) => response.url().includes('_thumb.jpg'));
  await page.goto(url);
  const thumbnail = await (await loaded).body();
  await page.locator('.kg-video-card video').scrollIntoViewIfNeeded();
  // The card shows its thumbnail as the background of the video.
  const shown = await page.evaluate<string>(`(async () => {
    const background = getComputedStyle(document.querySelector('.kg-video-card video')).backgroundImage;
    const image = new Image();
    image.crossOrigin = 'anonymous';
    image.src = /url\\("(.*_thumb\\.jpg)"\\)/.exec(background)[1];
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL();
  })()`);
  return { thumbnail, shown };
}
