import { fixture } from '../support/fixtures';
import { validateAdapter } from '../support/ghost/validate-adapters';
import { openBlog, type Blog } from './blog';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';
import { get, getFollowing } from '../support/http-client';

jest.setTimeout(TEST_TIMEOUT_MS);

const FOR_EVER = 'public, max-age=31536000, immutable';

describe("uploads through Ghost's Admin API", () => {
  let blog: Blog;
  beforeAll(async () => {
    blog = await openBlog();
  }, SETUP_TIMEOUT_MS);
  afterAll(() => blog?.close());

  /** The key of a URL on the CDN domain. */
  const keyOf = (url: string) => {
    expect(url).toMatch(new RegExp(`^${blog.cdnUrl}/content/`));
    return new URL(url).pathname.slice(1);
  };

  describe('an image', () => {
    it('is stored with its original next to it, and its URL is on the CDN domain', async () => {
      const picture = fixture('landscape.jpg');

      const url = await blog.admin.uploadImage(picture);

      expect(url).toBe(`${blog.cdnUrl}/content/images/${blog.month}/landscape.jpg`);
      const stored = await blog.read(keyOf(url));
      expect(stored).toMatchObject({ contentType: 'image/jpeg', cacheControl: FOR_EVER });
      expect(stored.bytes.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
      const original = await blog.read(`content/images/${blog.month}/landscape_o.jpg`);
      expect(original).toMatchObject({ contentType: 'image/jpeg', cacheControl: FOR_EVER });
      expect(original.bytes.equals(picture.bytes)).toBe(true);
    });

    it('of a name that is taken gets one of its own, and so does its original', async () => {
      await blog.admin.uploadImage(fixture('landscape.jpg', 'twice.jpg'));

      const url = await blog.admin.uploadImage(fixture('portrait.jpg', 'twice.jpg'));

      expect(url).toBe(`${blog.cdnUrl}/content/images/${blog.month}/twice-1.jpg`);
      const originals = { first: 'twice_o.jpg', second: 'twice-1_o.jpg' };
      const first = await blog.read(`content/images/${blog.month}/${originals.first}`);
      const second = await blog.read(`content/images/${blog.month}/${originals.second}`);
      expect(first.bytes.equals(fixture('landscape.jpg').bytes)).toBe(true);
      expect(second.bytes.equals(fixture('portrait.jpg').bytes)).toBe(true);
    });

    it('of a name in another script gets a readable one', async () => {
      const url = await blog.admin.uploadImage(fixture('portrait.jpg', 'Größe Москва.jpg'));

      expect(url).toBe(`${blog.cdnUrl}/content/images/${blog.month}/Grosse-Moskva.jpg`);
    });

    it('drawn as SVG is stored once, as an image', async () => {
      const url = await blog.admin.uploadImage(fixture('drawing.svg'));

      const stored = await blog.read(keyOf(url));
      expect(stored).toMatchObject({ contentType: 'image/svg+xml', cacheControl: FOR_EVER });
      expect(stored.bytes.toString()).toContain('<svg');
      expect(await blog.keys(`content/images/${blog.month}/drawing`)).toEqual([keyOf(url)]);
    });

    it('for a profile is stored like any other', async () => {
      const url = await blog.admin.uploadImage(fixture('portrait.jpg', 'mary.jpg'), 'profile_image');

      expect(await blog.read(keyOf(url))).toMatchObject({ contentType: 'image/jpeg', cacheControl: FOR_EVER });
    });

    it('for the icon of the site becomes its favicon', async () => {
      const url = await blog.admin.uploadImage(fixture('icon.png'), 'icon');
      await blog.admin.editSettings({ icon: url });

      const favicon = await getFollowing(`${blog.ghost.url}/favicon.ico`);

      expect(favicon.status).toBe(200);
      expect(favicon.headers['content-type']).toBe('image/png');
      expect(favicon.url).toContain('/content/images/size/w256h256/');
      expect(favicon.body.subarray(1, 4).toString()).toBe('PNG');
      expect(await blog.read(keyOf(url))).toMatchObject({ contentType: 'image/png' });
    });
  });

  describe('an image size that has not been requested yet', () => {
    it('comes from the CDN domain at the first request, and is in the bucket from then on', async () => {
      await blog.admin.uploadImage(fixture('landscape.jpg', 'sized.jpg'));
      const key = `content/images/size/w600/${blog.month}/sized.jpg`;
      expect(await blog.keys(key)).toEqual([]);

      const small = await get(`${blog.cdnUrl}/${key}`);

      expect(small).toMatchObject({ status: 200, headers: { 'content-type': 'image/jpeg' } });
      expect(jpegWidth(small.body)).toBe(600);
      const stored = await blog.read(key);
      expect(stored).toMatchObject({ contentType: 'image/jpeg', cacheControl: FOR_EVER });
      expect(stored.bytes.equals(small.body)).toBe(true);
    });

    it('is WebP, and says so, where the theme asks for WebP', async () => {
      await blog.admin.uploadImage(fixture('landscape.jpg', 'converted.jpg'));
      const key = `content/images/size/w600/format/webp/${blog.month}/converted.jpg`;

      const first = await get(`${blog.cdnUrl}/${key}`);
      const second = await get(`${blog.cdnUrl}/${key}`);

      for (const answer of [first, second]) {
        expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'image/webp' } });
        expect(answer.body.subarray(8, 12).toString()).toBe('WEBP');
      }
      expect(await blog.read(key)).toMatchObject({ contentType: 'image/webp' });
    });

    it('is a plain 404 on the CDN domain where there is no such image', async () => {
      const missing = await get(`${blog.cdnUrl}/content/images/size/w600/${blog.month}/nothing.jpg`);

      expect(missing.status).toBe(404);
    });
  });

  describe('a video', () => {
    it('is stored with its thumbnail, and plays in parts from the CDN domain', async () => {
      const clip = fixture('clip.mp4');
      const thumbnail = fixture('clip-thumbnail.jpg');

      const media = await blog.admin.uploadMedia(clip, thumbnail);

      expect(media.url).toBe(`${blog.cdnUrl}/content/media/${blog.month}/clip.mp4`);
      expect(media.thumbnail_url).toBe(`${blog.cdnUrl}/content/media/${blog.month}/clip_thumb.jpg`);
      const storedClip = await blog.read(keyOf(media.url));
      expect(storedClip).toMatchObject({ contentType: 'video/mp4', cacheControl: FOR_EVER });
      expect(storedClip.bytes.equals(clip.bytes)).toBe(true);
      const storedThumbnail = await blog.read(keyOf(media.thumbnail_url ?? ''));
      // Ghost may replace it under the same name.
      expect(storedThumbnail).toMatchObject({ contentType: 'image/jpeg', cacheControl: 'public, max-age=300' });
      expect(storedThumbnail.bytes.equals(thumbnail.bytes)).toBe(true);

      const part = await get(media.url, { range: 'bytes=100-199' });
      expect(part).toMatchObject({ status: 206, headers: { 'content-type': 'video/mp4' } });
      expect(part.body.equals(clip.bytes.subarray(100, 200) as Buffer)).toBe(true);
    });

    it('gets another thumbnail in the place of the first', async () => {
      const clip = fixture('clip.mp4', 'replaced.mp4');
      const { url } = await blog.admin.uploadMedia(clip, fixture('clip-thumbnail.jpg', 'replaced.jpg'));
      const other = fixture('clip-other-thumbnail.jpg', 'replaced.jpg');

      const thumbnailUrl = await blog.admin.uploadThumbnail(other, url);

      expect(thumbnailUrl).toBe(`${blog.cdnUrl}/content/media/${blog.month}/replaced_thumb.jpg`);
      expect((await blog.read(keyOf(thumbnailUrl))).bytes.equals(other.bytes)).toBe(true);
      expect(await blog.keys(`content/media/${blog.month}/replaced`)).toEqual([keyOf(url), keyOf(thumbnailUrl)]);
    });
  });

  describe('a file', () => {
    it('is stored with its type', async () => {
      const notes = fixture('field-notes.pdf');

      const url = await blog.admin.uploadFile(notes);

      expect(url).toBe(`${blog.cdnUrl}/content/files/${blog.month}/field-notes.pdf`);
      const stored = await blog.read(keyOf(url));
      expect(stored).toMatchObject({ contentType: 'application/pdf', cacheControl: FOR_EVER });
      expect(stored.bytes.equals(notes.bytes)).toBe(true);
    });

    it('with a script in it is stored as text that no browser runs', async () => {
      const url = await blog.admin.uploadFile(fixture('page.html'));

      expect((await blog.read(keyOf(url))).contentType).toBe('text/plain; charset=utf-8');
    });

    it('drawn as SVG is stored as bytes that no browser shows', async () => {
      const url = await blog.admin.uploadFile(fixture('drawing.svg'));

      expect((await blog.read(keyOf(url))).contentType).toBe('application/octet-stream');
    });
  });

  it('a link to an image on the blog itself, from before the CDN, redirects to the CDN domain', async () => {
    const url = await blog.admin.uploadImage(fixture('portrait.jpg', 'linked.jpg'));

    const old = await get(`${blog.ghost.url}/${keyOf(url)}`);

    expect(old).toMatchObject({ status: 302, headers: { location: url } });
  });

  it('leave nothing on the disk of the blog', async () => {
    await blog.admin.uploadImage(fixture('landscape.jpg', 'nowhere.jpg'));
    await blog.admin.uploadMedia(fixture('clip.mp4', 'nowhere.mp4'));
    await blog.admin.uploadFile(fixture('field-notes.pdf', 'nowhere.pdf'));

    expect(await blog.filesOnDisk()).toEqual([]);
  });

  it("pass Ghost 6's own check of adapters; Ghost 5 has none", async () => {
    const report = await validateAdapter(blog.ghost);

    if (blog.ghost.install.major === 6) expect(report).toContain('storage:S3CloudFrontStorage');
    else expect(report).toBeUndefined();
  });
});

/** Reads the width out of a JPEG's start-of-frame segment. */
function jpegWidth(jpeg: Buffer): number {
  let at = 2;
  while (at < jpeg.length) {
    const marker = jpeg.readUInt8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return jpeg.readUInt16BE(at + 7);
    at += 2 + jpeg.readUInt16BE(at + 2);
  }
  throw new Error('This is no JPEG.');
}
