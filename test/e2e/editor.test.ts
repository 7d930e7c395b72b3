import { openBrowser, type Browser, type SeenResponse } from '../support/browser';
import { fixture, fixturePath } from '../support/fixtures';
import type { Post } from '../support/ghost/admin-api';
import { queryDatabase } from '../support/ghost/database';
import { Editor } from '../support/ghost/editor';
import { openBlog, type Blog } from './blog';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';
import { get } from '../support/http-client';

jest.setTimeout(TEST_TIMEOUT_MS);

/** What a post's page holds when everything in it has been scrolled into view. */
interface PageContents {
  images: { src: string; shown: string; width: number; srcset: string }[];
  video: { src: string; seconds: number };
  file: string;
}

describe("a post written in Ghost's editor", () => {
  let blog: Blog;
  let browser: Browser;
  /** The `src` of each image in the editor, once it is uploaded. */
  const inEditor = { feature: '', image: '', thumbnail: '' };
  let post: Post;
  let page: PageContents;
  let onPage: SeenResponse[];

  beforeAll(async () => {
    blog = await openBlog();
    browser = await openBrowser();
    const editor = await Editor.signIn(browser.page, blog.ghost.url);
    await editor.startPost('A lake at dusk');
    inEditor.feature = await editor.setFeatureImage(fixturePath('landscape.jpg'));
    await editor.startBody();
    await editor.write('The boat came back without a sound.');
    inEditor.image = await editor.addImage(fixturePath('portrait.jpg'));
    inEditor.thumbnail = await editor.addVideo(fixturePath('clip.mp4'));
    await editor.addFile(fixturePath('field-notes.pdf'));
    post = await blog.admin.readPost(await editor.publish());

    const before = browser.responses.length;
    await browser.page.goto(post.url);
    page = await readPage(browser);
    onPage = browser.responses.slice(before);
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    await blog?.close();
  });

  const urls = () => ({
    feature: `${blog.cdnUrl}/content/images/${blog.month}/landscape.jpg`,
    image: `${blog.cdnUrl}/content/images/${blog.month}/portrait.jpg`,
    video: `${blog.cdnUrl}/content/media/${blog.month}/clip.mp4`,
    thumbnail: `${blog.cdnUrl}/content/media/${blog.month}/clip_thumb.jpg`,
    file: `${blog.cdnUrl}/content/files/${blog.month}/field-notes.pdf`,
  });

  it('shows its images from the CDN domain while it is being written', () => {
    const { feature, image, thumbnail } = urls();
    expect(inEditor).toEqual({ feature, image, thumbnail });
  });

  it('puts each upload into the bucket, byte for byte', async () => {
    const key = (kind: string, name: string) => `content/${kind}/${blog.month}/${name}`;
    const stored = {
      feature: await blog.read(key('images', 'landscape_o.jpg')),
      image: await blog.read(key('images', 'portrait_o.jpg')),
      video: await blog.read(key('media', 'clip.mp4')),
      file: await blog.read(key('files', 'field-notes.pdf')),
    };

    expect(stored.feature.bytes.equals(fixture('landscape.jpg').bytes)).toBe(true);
    expect(stored.image.bytes.equals(fixture('portrait.jpg').bytes)).toBe(true);
    expect(stored.video.bytes.equals(fixture('clip.mp4').bytes)).toBe(true);
    expect(stored.file.bytes.equals(fixture('field-notes.pdf').bytes)).toBe(true);
    const thumbnail = await blog.read(key('media', 'clip_thumb.jpg'));
    expect([thumbnail, ...Object.values(stored)].map(({ contentType }) => contentType)).toEqual([
      'image/jpeg',
      'image/jpeg',
      'image/jpeg',
      'video/mp4',
      'application/pdf',
    ]);
    expect(await blog.filesOnDisk()).toEqual([]);
  });

  it('has the CDN domain in the API', () => {
    const { feature, image, video, thumbnail, file } = urls();
    expect(post.feature_image).toBe(feature);
    for (const url of [image, video, thumbnail, file]) {
      expect(post.lexical).toContain(`"${url}"`);
      expect(post.html).toContain(url);
    }
  });

  it('is in the database without the CDN domain on Ghost 6, and with it on Ghost 5, which knows no other way', async () => {
    const { feature, image, video, thumbnail, file } = urls();
    const inDatabase = (url: string) =>
      blog.ghost.install.major === 6 ? url.replace(blog.cdnUrl, '__GHOST_URL__') : url;

    const [row] = await queryDatabase<{ feature_image: string; lexical: string }>(
      blog.ghost,
      'SELECT feature_image, lexical FROM posts WHERE id = ?',
      [post.id],
    );

    expect(row?.feature_image).toBe(inDatabase(feature));
    for (const url of [image, video, thumbnail, file]) expect(row?.lexical).toContain(`"${inDatabase(url)}"`);
    if (blog.ghost.install.major === 6) expect(row?.lexical).not.toContain(blog.cdnUrl);
  });

  it('shows readers its images, plays its video and offers its file from the CDN domain', async () => {
    const { image, video, file } = urls();

    expect(page.images.map(({ src }) => src.split('/').at(-1)).sort()).toEqual(['landscape.jpg', 'portrait.jpg']);
    expect(page.images.map(({ src }) => src)).toContain(image);
    for (const { shown, width } of page.images) {
      expect(shown).toMatch(new RegExp(`^${blog.cdnUrl}/content/images/`));
      expect(width).toBeGreaterThan(0);
    }
    expect(page.video).toEqual({ src: video, seconds: 2 });
    // Ghost marks links to other hosts with where the reader comes from.
    expect(page.file).toBe(`${file}?ref=127.0.0.1`);
    const download = await get(page.file);
    expect(download).toMatchObject({ status: 200, headers: { 'content-type': 'application/pdf' } });
    expect(download.body.equals(fixture('field-notes.pdf').bytes)).toBe(true);
  });

  it('gives readers sizes that fit their screens on Ghost 6; Ghost 5 gives them the original', () => {
    const picture = page.images.find(({ src }) => src.endsWith('/landscape.jpg'));
    const small = `${blog.cdnUrl}/content/images/size/w600/${blog.month}/landscape.jpg`;

    if (blog.ghost.install.major === 6) {
      expect(picture?.srcset).toContain(`${small} 600w`);
      expect(picture?.shown).toContain(`${blog.cdnUrl}/content/images/size/w`);
    } else {
      expect(picture?.srcset).toContain(`${urls().feature} 600w`);
      expect(picture?.shown).toBe(urls().feature);
    }
  });

  it('loads every asset in the right type, and none from the blog itself', () => {
    const assets = onPage.filter(({ url }) => new URL(url).pathname.startsWith('/content/'));
    const expected: Record<string, string> = { '.jpg': 'image/jpeg', '.mp4': 'video/mp4' };

    expect(assets.length).toBeGreaterThanOrEqual(3);
    for (const { url, status, contentType } of assets) {
      expect(new URL(url).origin).toBe(blog.cdnUrl);
      expect([200, 206]).toContain(status);
      expect(contentType).toBe(url.includes('/size/') ? 'image/webp' : expected[url.slice(-4)]);
    }
  });

  it('leaves no error of an asset in the console', () => {
    const assets = [`${blog.cdnUrl}/`, `${blog.ghost.url}/content/`];
    expect(browser.errors.filter((error) => assets.some((url) => error.includes(url)))).toEqual([]);
  });
});

/** Scrolls through the page, since cards load lazily, and reads what the browser made of it. */
async function readPage({ page }: Browser): Promise<PageContents> {
  const ours = page.locator('main img[src*="/content/images/"], article img[src*="/content/images/"]');
  for (const image of await ours.all()) await image.scrollIntoViewIfNeeded();
  const video = page.locator('.kg-video-card video');
  await video.scrollIntoViewIfNeeded();
  await page.waitForFunction(`document.querySelector('.kg-video-card video').readyState > 0`);
  await page.waitForLoadState('networkidle');
  return {
    images: await ours.evaluateAll((images) =>
      (images as unknown as { src: string; currentSrc: string; naturalWidth: number; srcset: string }[]).map(
        ({ src, currentSrc, naturalWidth, srcset }) => ({ src, shown: currentSrc, width: naturalWidth, srcset }),
      ),
    ),
    video: await video.evaluate((element) => {
      const { src, duration } = element as unknown as { src: string; duration: number };
      return { src, seconds: duration };
    }),
    file: (await page.locator('.kg-file-card-container').getAttribute('href')) ?? '',
  };
}
