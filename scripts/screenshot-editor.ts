import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { get } from '../test/support/http-client';
import { openBrowser } from '../test/support/browser';
import { startCdnStandIn } from '../test/support/cdn-stand-in';
import { fixturePath } from '../test/support/fixtures';
import { adapterConfig } from '../test/support/ghost/adapter-config';
import { AdminApi } from '../test/support/ghost/admin-api';
import { startGhost } from '../test/support/ghost/boot';
import { Editor } from '../test/support/ghost/editor';
import { installGhost } from '../test/support/ghost/install';
import { startS3UnderTest } from '../test/support/s3-under-test';

const CDN_URL = 'https://images.example.com';
const SCREENSHOT = join(__dirname, '../docs/images/editor.png');

/**
 * Takes the README's screenshot of the editor: a real Ghost with the built adapter, and a photograph whose URL is on the
 * CDN domain. Run it with `npx tsx scripts/screenshot-editor.ts` after `npm run build`.
 */
async function main(): Promise<void> {
  const closers: (() => Promise<void>)[] = [];
  try {
    const install = await installGhost();
    const s3 = await startS3UnderTest();
    closers.unshift(() => s3.close());
    const bucket = await s3.createBucket();
    const { endpoint, region } = s3;
    const { accessKeyId, secretAccessKey } = s3.credentials;
    const credentials = { accessKeyId, secretAccessKey };
    const cdn = await startCdnStandIn({ s3: { endpoint, region, bucket, credentials } });
    closers.unshift(() => cdn.close());
    const config = adapterConfig({ bucket, region, endpoint, forcePathStyle: true, ...credentials, cdnUrl: CDN_URL });
    const ghost = await startGhost({ install, config });
    closers.unshift(() => ghost.stop());
    await AdminApi.setUp(ghost.url);

    const browser = await openBrowser({ width: 1280, height: 840 });
    closers.unshift(() => browser.close());
    // The domain exists only in this browser: the stand-in answers its requests.
    await browser.page.route(`${CDN_URL}/**`, async (route) => {
      const { status, headers, body } = await get(route.request().url().replace(CDN_URL, cdn.url));
      await route.fulfill({ status, contentType: String(headers['content-type']), body });
    });
    const editor = await Editor.signIn(browser.page, ghost.url);
    await editor.startPost('A lake at dusk');
    await editor.startBody();
    const url = await editor.addImage(fixturePath('landscape.jpg'));
    if (!url.startsWith(`${CDN_URL}/`)) throw new Error(`The image is not on the CDN domain, but at ${url}.`);
    await editor.captionImage(url);
    await browser.page.mouse.wheel(0, -10_000);
    // Wait until "Saving…" has become "Draft - Saved", then hide the cursor and its buttons.
    await browser.page.getByText('Saved', { exact: false }).first().waitFor();
    await browser.page.evaluate('document.activeElement.blur()');
    await browser.page.mouse.move(0, 0);
    await mkdir(dirname(SCREENSHOT), { recursive: true });
    await browser.page.screenshot({ path: SCREENSHOT });
    console.log(`${SCREENSHOT}: ${url}`);
  } finally {
    for (const close of closers) await close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
