import { join } from 'node:path';
import type { Response } from 'playwright-core';
import { type Browser, openBrowser } from '../test/support/browser';
import { fixture } from '../test/support/fixtures';
import type { AdminApi, Post } from '../test/support/ghost/admin-api';
import { CDN_URL, openBlog } from './pictures/blog';
import { savePng } from './pictures/save-png';

const SCREENSHOT = join(__dirname, '../docs/images/post.png');

/** The part of the post to show, in CSS pixels. */
const SIZE = { width: 960, height: 560 };

/** The height of what is above the post, in CSS pixels. */
const HEADER = 120;

const STYLE = `
  body { margin: 0; width: ${SIZE.width}px; font: 14px/1.5 'DejaVu Sans', sans-serif; color: #1b2430; background: #fff; }
  img { display: block; width: 100%; }
  main { border: 1px solid #d5dbe3; }
  table { width: 100%; border-collapse: collapse; border-top: 1px solid #d5dbe3; background: #f7f9fb; }
  caption { text-align: left; padding: 12px 16px 10px; font-weight: bold; background: #eef1f5; border-top: 1px solid #d5dbe3; }
  td { padding: 5px 16px; border-top: 1px solid #e6eaef; white-space: nowrap; }
  td:first-child { font: 13px/1.5 'DejaVu Sans Mono', monospace; }
  b { color: #2f7d46; }
  td + td { text-align: right; color: #5b6675; }
`;

/**
 * Takes a screenshot of a published post of a real Ghost, with the images that it loads from the CDN domain. Run it with
 * `npx tsx scripts/screenshot-post.ts` after `npm run build`.
 */
async function main(): Promise<void> {
  const blog = await openBlog();
  const browser = await openBrowser(SIZE);
  try {
    const post = await publish(blog.admin);
    await blog.serveTo(browser.page);
    const requests = await visit(browser, post.url);
    await browser.page.evaluate(`scrollTo(0, ${HEADER})`);
    const picture = (await browser.page.screenshot()).toString('base64');
    await browser.page.setContent(
      `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><main><img src="data:image/png;base64,${picture}">` +
        `<table><caption>Image requests of this page</caption>${requests.join('')}</table></main>`,
    );
    await savePng(await browser.page.locator('main').screenshot(), SCREENSHOT);
  } finally {
    await browser.close();
    await blog.close();
  }
}

/** Publishes a post with a feature image and another image. */
async function publish(admin: AdminApi): Promise<Post> {
  const icon = await admin.uploadImage(fixture('icon.png'), 'icon');
  await admin.editSettings({ icon });
  const lake = await admin.uploadImage(fixture('landscape.jpg', 'lake.jpg'));
  const shore = await admin.uploadImage(fixture('clip-thumbnail.jpg', 'shore.jpg'));
  const draft = await admin.createPost({
    title: 'A lake at dusk',
    custom_excerpt: 'An hour on the shore, until the last light is gone.',
    feature_image: lake,
    html: `<p>The wind had gone by eight, and the water lay still.</p><img src="${shore}" alt="The shore">`,
  });
  return admin.publishPost(draft);
}

/**
 * Opens a post, with all its images.
 *
 * @returns a table row for each image
 */
async function visit({ page }: Browser, url: string): Promise<string[]> {
  const responses: Response[] = [];
  page.on('response', (response) => {
    if (response.request().resourceType() === 'image' || response.url().startsWith(CDN_URL)) responses.push(response);
  });
  await page.goto(url);
  await page.evaluate(`(async () => {
    for (const image of document.images) {
      image.loading = 'eager';
      await image.decode().catch(() => {});
    }
  })()`);
  await page.waitForLoadState('networkidle');
  return Promise.all(
    responses.map(async (response) => {
      const kilobytes = ((await response.body()).length / 1000).toFixed(0);
      const { host, pathname, protocol } = new URL(response.url());
      const cells = [`${protocol}//<b>${host}</b>${pathname}`, response.headers()['content-type'], `${kilobytes} KB`];
      return `<tr>${[...cells, response.status()].map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
    }),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
