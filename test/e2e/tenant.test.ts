import { fixture } from '../support/fixtures';
import { queryDatabase } from '../support/ghost/database';
import { get } from '../support/http-client';
import { openBlog, type Blog } from './blog';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

describe('a blog that shares its bucket with others (tenantPrefix)', () => {
  let blog: Blog;
  beforeAll(async () => {
    blog = await openBlog({ tenantPrefix: 'seven' });
  }, SETUP_TIMEOUT_MS);
  afterAll(() => blog?.close());

  it('keeps and shows everything below its own prefix, on the address that its configuration says', async () => {
    const image = await blog.admin.uploadImage(fixture('portrait.jpg'));
    const video = await blog.admin.uploadMedia(fixture('clip.mp4'), fixture('clip-thumbnail.jpg', 'clip_thumb.jpg'));
    const file = await blog.admin.uploadFile(fixture('field-notes.pdf'));

    const below = `${blog.cdnUrl}/seven/content`;
    expect(image).toBe(`${below}/images/${blog.month}/portrait.jpg`);
    expect(video.url).toBe(`${below}/media/${blog.month}/clip.mp4`);
    expect(file).toBe(`${below}/files/${blog.month}/field-notes.pdf`);
    for (const url of [image, video.url, video.thumbnail_url ?? '', file]) {
      expect((await get(url)).status).toBe(200);
    }
    expect((await blog.keys()).filter((key) => !key.startsWith('seven/content/'))).toEqual([]);
  });

  it('shows the image of a post where it is, from a portable address in the database of Ghost 6', async () => {
    const picture = await blog.admin.uploadImage(fixture('landscape.jpg'));
    const post = await blog.admin.createPost({ title: 'Shared', feature_image: picture, status: 'published' });

    const stored = await queryDatabase<{ feature_image: string }>(
      blog.ghost,
      'SELECT feature_image FROM posts WHERE id = ?',
      [post.id],
    );
    const path = `content/images/${blog.month}/landscape.jpg`;
    const isPortable = blog.ghost.install.major === 6;
    expect(stored).toEqual([{ feature_image: isPortable ? `__GHOST_URL__/${path}` : `${blog.cdnUrl}/seven/${path}` }]);
    expect((await blog.admin.readPost(post.id)).feature_image).toBe(`${blog.cdnUrl}/seven/${path}`);
    expect((await get(post.url)).body.toString()).toContain(`${blog.cdnUrl}/seven/content/images/`);
  });

  it('replaces the thumbnail of a video', async () => {
    const url = `${blog.cdnUrl}/seven/content/media/${blog.month}/clip.mp4`;
    const other = fixture('clip-other-thumbnail.jpg', 'clip_thumb.jpg');
    const replaced = await blog.admin.uploadThumbnail(other, url);
    expect(replaced).toBe(`${blog.cdnUrl}/seven/content/media/${blog.month}/clip_thumb.jpg`);
    expect((await blog.read(`seven/content/media/${blog.month}/clip_thumb.jpg`)).bytes.equals(other.bytes)).toBe(true);
  });

  it('is not told that its addresses disagree', () => {
    expect(blog.ghost.log()).not.toContain('S3CloudFrontStorage:');
  });
});
