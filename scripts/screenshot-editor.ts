import { join } from 'node:path';
import { openBrowser } from '../test/support/browser';
import { fixturePath } from '../test/support/fixtures';
import { Editor } from '../test/support/ghost/editor';
import { CDN_URL, openBlog } from './pictures/blog';
import { savePng } from './pictures/save-png';

const SCREENSHOT = join(__dirname, '../docs/images/editor.png');

/**
 * Takes the screenshot of the editor: a real Ghost with the built adapter, and an image whose URL is on the CDN domain.
 * Run it with `npx tsx scripts/screenshot-editor.ts` after `npm run build`.
 */
async function main(): Promise<void> {
  const blog = await openBlog();
  const browser = await openBrowser({ width: 1080, height: 760 });
  try {
    const { page } = browser;
    await blog.serveTo(page);
    const editor = await Editor.signIn(page, blog.ghost.url);
    await editor.startPost('A lake at dusk');
    await editor.startBody();
    const url = await editor.addImage(fixturePath('landscape.jpg'));
    if (!url.startsWith(`${CDN_URL}/`)) throw new Error(`The image is not on the CDN domain, but at ${url}.`);
    await editor.captionImage(url);
    await page.mouse.wheel(0, -10_000);
    // Wait until "Saving…" has become "Draft - Saved", then hide the cursor and its buttons.
    await page.getByText('Saved', { exact: false }).first().waitFor();
    await page.evaluate('document.activeElement.blur()');
    await page.mouse.move(0, 0);
    await savePng(await page.screenshot(), SCREENSHOT);
  } finally {
    await browser.close();
    await blog.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
