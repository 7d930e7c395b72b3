import type { Page } from 'playwright-core';
import { type Blog, openBlog as openBlogOfTests } from '../../test/e2e/blog';
import { get } from '../../test/support/http-client';

export const CDN_URL = 'https://images.example.com';

/** A blog of the e2e tests whose files are on the CDN domain. */
export interface PicturedBlog extends Blog {
  /** Lets a page load from the CDN domain, which exists only in its browser. */
  serveTo(page: Page): Promise<void>;
}

export async function openBlog(): Promise<PicturedBlog> {
  const blog = await openBlogOfTests({ cdnUrl: CDN_URL });
  return { ...blog, serveTo: (page) => serveTo(page, blog) };
}

async function serveTo(page: Page, { cdnAt }: Blog): Promise<void> {
  await page.route(`${CDN_URL}/**`, async (route) => {
    const { status, headers, body } = await get(route.request().url().replace(CDN_URL, cdnAt));
    await route.fulfill({ status, contentType: String(headers['content-type']), body });
  });
}
