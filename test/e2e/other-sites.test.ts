import { createServer, type Server } from 'node:http';
import { fixture, type FixtureName } from '../support/fixtures';
import { getFollowing } from '../support/http-client';
import { listen, stop } from '../support/local-server';
import { openBlog, type Blog } from './blog';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';
import { eventually } from './eventually';

jest.setTimeout(TEST_TIMEOUT_MS);

describe('what Ghost copies from other sites', () => {
  let otherSite: Server;
  let otherUrl: string;
  let blog: Blog;
  beforeAll(async () => {
    otherSite = serveOtherSite();
    otherUrl = `http://127.0.0.1:${await listen(otherSite)}`;
    // In production, Ghost refuses to fetch from private addresses; the other site of this test has no other.
    blog = await openBlog({ env: { NODE_ENV: 'development' } });
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await blog?.close();
    await stop(otherSite);
  });

  it('for a bookmark card, its icon and its thumbnail, is in the bucket and on the CDN domain', async () => {
    const { metadata } = await blog.admin.fetchBookmark(`${otherUrl}/article`);

    expect(metadata.title).toBe('Elsewhere');
    expect(metadata.icon).toMatch(new RegExp(`^${blog.cdnUrl}/content/images/icon/favicon[\\w-]*\\.png$`));
    expect(metadata.thumbnail).toMatch(new RegExp(`^${blog.cdnUrl}/content/images/thumbnail/cover[\\w-]*\\.jpg$`));
    const icon = await blog.read(new URL(metadata.icon).pathname.slice(1));
    expect(icon.contentType).toBe('image/png');
    expect(icon.bytes.equals(fixture('icon.png').bytes)).toBe(true);
    const thumbnail = await blog.read(new URL(metadata.thumbnail).pathname.slice(1));
    expect(thumbnail.contentType).toBe('image/jpeg');
    expect(thumbnail.bytes.equals(fixture('portrait.jpg').bytes)).toBe(true);
  });

  it('for another bookmark card does not take the place of an icon of the same name', async () => {
    const first = await blog.admin.fetchBookmark(`${otherUrl}/article`);

    const second = await blog.admin.fetchBookmark(`${otherUrl}/blog/article`);

    const read = async (url: string) => (await blog.read(new URL(url).pathname.slice(1))).bytes;
    expect(second.metadata.icon).not.toBe(first.metadata.icon);
    expect((await read(first.metadata.icon)).equals(fixture('icon.png').bytes)).toBe(true);
    expect((await read(second.metadata.icon)).equals(fixture('other-icon.png').bytes)).toBe(true);
  });

  it('for posts that showed its images and videos, is in the bucket; on Ghost 6 the posts show it from the CDN domain', async () => {
    const { id } = await blog.admin.createPost({
      title: 'Moving house',
      feature_image: `${otherUrl}/old/cover.jpg`,
      html: `<p>Before.</p><img src="${otherUrl}/old/barn.jpg"><!--kg-card-begin: html--><video src="${otherUrl}/old/barn.mp4"></video><!--kg-card-end: html-->`,
      status: 'published',
    });

    await blog.admin.inlineExternalMedia([otherUrl]);

    const post = await eventually('a post without the other site', async () => {
      const now = await blog.admin.readPost(id);
      return `${now.lexical} ${now.feature_image}`.includes(otherUrl) ? undefined : now;
    });
    const images = `content/images/${blog.month}`;
    // Ghost 5 puts its own address before whatever a storage answers; from there it leads to the CDN.
    const base = blog.ghost.install.major === 6 ? blog.cdnUrl : blog.ghost.url;
    expect(post.feature_image).toBe(`${base}/${images}/cover.jpg`);
    expect(post.lexical).toContain(`${base}/${images}/barn.jpg`);
    expect(post.lexical).toContain(`${base}/content/media/${blog.month}/barn.mp4`);
    const shown = await getFollowing(post.feature_image ?? '');
    expect(shown).toMatchObject({ status: 200, url: `${blog.cdnUrl}/${images}/cover.jpg` });
    const picture = await blog.read(`${images}/barn.jpg`);
    expect(picture.contentType).toBe('image/jpeg');
    expect(picture.bytes.equals(fixture('landscape.jpg').bytes)).toBe(true);
    const video = await blog.read(`content/media/${blog.month}/barn.mp4`);
    expect(video.contentType).toBe('video/mp4');
    expect(video.bytes.equals(fixture('clip.mp4').bytes)).toBe(true);
    expect(await blog.filesOnDisk()).toEqual([]);
  });
});

function serveOtherSite(): Server {
  const article = `<!doctype html><title>Elsewhere</title>
    <meta property="og:title" content="Elsewhere"><meta property="og:description" content="A site on its own">
    <meta property="og:image" content="cover.jpg"><link rel="icon" href="favicon.png">`;
  const files: Record<string, FixtureName> = {
    '/favicon.png': 'icon.png',
    '/cover.jpg': 'portrait.jpg',
    '/blog/favicon.png': 'other-icon.png',
    '/blog/cover.jpg': 'portrait.jpg',
    '/old/cover.jpg': 'portrait.jpg',
    '/old/barn.jpg': 'landscape.jpg',
    '/old/barn.mp4': 'clip.mp4',
  };
  return createServer(({ url = '' }, response) => {
    const name = files[url];
    if (name) {
      const { bytes, type } = fixture(name);
      response.writeHead(200, { 'content-type': type }).end(bytes);
    } else if (url.endsWith('/article')) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(article);
    } else {
      response.writeHead(404).end();
    }
  });
}
