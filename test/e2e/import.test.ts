import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { fixture, type FixtureName } from '../support/fixtures';
import type { Post, UploadFile } from '../support/ghost/admin-api';
import { openBlog, type Blog } from './blog';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';
import { eventually } from './eventually';
import { getFollowing } from '../support/http-client';

jest.setTimeout(TEST_TIMEOUT_MS);

describe('a zip of another blog, imported', () => {
  let blog: Blog;
  beforeAll(async () => {
    blog = await openBlog();
  }, SETUP_TIMEOUT_MS);
  afterAll(() => blog?.close());

  it('brings its images, media and files into the bucket, in the months they were in', async () => {
    await importPost(blog, 'First harvest', {
      'content/images/2020/01/barn.jpg': 'landscape.jpg',
      'content/media/2020/01/barn.mp4': 'clip.mp4',
      'content/files/2020/01/barn.pdf': 'field-notes.pdf',
    });

    const image = await blog.read('content/images/2020/01/barn.jpg');
    const media = await blog.read('content/media/2020/01/barn.mp4');
    const file = await blog.read('content/files/2020/01/barn.pdf');
    expect(image.contentType).toBe('image/jpeg');
    expect(image.bytes.equals(fixture('landscape.jpg').bytes)).toBe(true);
    expect(media.contentType).toBe('video/mp4');
    expect(media.bytes.equals(fixture('clip.mp4').bytes)).toBe(true);
    expect(file.contentType).toBe('application/pdf');
    expect(file.bytes.equals(fixture('field-notes.pdf').bytes)).toBe(true);
    expect(await blog.filesOnDisk()).toEqual([]);
  });

  it('has a post that points at the CDN domain on Ghost 6, and on Ghost 5 at the blog, which leads there', async () => {
    const post = await importPost(blog, 'Second harvest', {
      'content/images/2020/02/mill.jpg': 'landscape.jpg',
      'content/media/2020/02/mill.mp4': 'clip.mp4',
      'content/files/2020/02/mill.pdf': 'field-notes.pdf',
    });

    const [base, featureImage] =
      blog.ghost.install.major === 6
        ? // Ghost 6 keeps a copy of each imported image among the files, whatever the storage, and shows that one here.
          [blog.cdnUrl, 'content/files/images/2020/02/mill.jpg']
        : [blog.ghost.url, 'content/images/2020/02/mill.jpg'];
    expect(post.feature_image).toBe(`${base}/${featureImage}`);
    expect(post.lexical).toContain(`"${base}/content/images/2020/02/mill.jpg"`);
    expect(post.lexical).toContain(`"${base}/content/media/2020/02/mill.mp4"`);
    expect(post.lexical).toContain(`"${base}/content/files/2020/02/mill.pdf"`);
    const picture = await getFollowing(post.feature_image ?? '');
    expect(picture).toMatchObject({ status: 200, url: `${blog.cdnUrl}/${featureImage}` });
    expect(picture.headers['content-type']).toBe('image/jpeg');
    expect(picture.body.equals(fixture('landscape.jpg').bytes)).toBe(true);
  });

  it('overwrites nothing of the same name', async () => {
    await importPost(blog, 'Third harvest', { 'content/images/2020/03/field.jpg': 'landscape.jpg' });

    const post = await importPost(blog, 'Fourth harvest', { 'content/images/2020/03/field.jpg': 'portrait.jpg' });

    expect(post.feature_image).toMatch(/\/content\/images\/2020\/03\/field-1\.jpg$/);
    const first = await blog.read('content/images/2020/03/field.jpg');
    const second = await blog.read('content/images/2020/03/field-1.jpg');
    expect(first.bytes.equals(fixture('landscape.jpg').bytes)).toBe(true);
    expect(second.bytes.equals(fixture('portrait.jpg').bytes)).toBe(true);
  });
});

/**
 * Imports one post with a card for each file; the first image is its feature image too.
 *
 * @param files paths in the zip, and what is there
 * @returns the post as the API shows it afterwards
 */
async function importPost(blog: Blog, title: string, files: Record<string, FixtureName>): Promise<Post> {
  await blog.admin.importContent(await exportedZip(blog.ghost.install.major, title, files));
  return eventually(`the imported post "${title}"`, async () =>
    (await blog.admin.listPosts()).find((post) => post.html.includes(title)),
  );
}

/** What Ghost's own export looks like, with its content folder next to it. */
async function exportedZip(major: number, title: string, files: Record<string, FixtureName>): Promise<UploadFile> {
  const urls = Object.keys(files).map((path) => `__GHOST_URL__/${path}`);
  const text = { type: 'extended-text', version: 1, text: title, detail: 0, format: 0, mode: 'normal', style: '' };
  const paragraph = { type: 'paragraph', version: 1, children: [text], direction: 'ltr', format: '', indent: 0 };
  const root = {
    type: 'root',
    version: 1,
    children: [paragraph, ...urls.map(card)],
    direction: null,
    format: '',
    indent: 0,
  };
  const post = {
    id: 'a',
    title,
    slug: title.toLowerCase().replace(' ', '-'),
    status: 'published',
    lexical: JSON.stringify({ root }),
    feature_image: urls[0],
    published_at: '2020-01-15T12:00:00.000Z',
  };
  const exported = { db: [{ meta: { exported_on: Date.now(), version: `${major}.0.0` }, data: { posts: [post] } }] };

  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(JSON.stringify(exported)), 'blog.ghost.json');
  for (const [path, name] of Object.entries(files)) zip.addBuffer(Buffer.from(fixture(name).bytes), path);
  zip.end();
  return { name: 'blog.zip', type: 'application/zip', bytes: await buffer(zip.outputStream) };
}

function card(src: string) {
  if (src.includes('/images/')) return { type: 'image', version: 1, src, width: 1600, height: 1000 };
  if (src.includes('/media/')) return { type: 'video', version: 1, src, width: 480, height: 270, duration: 2 };
  return { type: 'file', version: 1, src, fileTitle: 'Notes', fileName: 'notes.pdf', fileSize: 599 };
}
