import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import path from 'node:path';
import { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { CDN_URL, thisMonth } from '../support/adapter';
import { useBucket, useUploadFolder } from '../support/use-bucket';

// What Ghost asks of an adapter, call by call in the order in which Ghost makes them, named after the caller.

const JPEG = Buffer.from('processed picture');
const ORIGINAL = Buffer.from('original picture, larger');

const bucket = useBucket();
const uploads = useUploadFolder();
let images: S3CloudFrontStorage;
let media: S3CloudFrontStorage;
let files: S3CloudFrontStorage;

beforeEach(() => {
  images = bucket.createAdapter();
  media = bucket.createAdapter({ staticFileURLPrefix: 'content/media' });
  files = bucket.createAdapter({ staticFileURLPrefix: 'content/files' });
});

const month = thisMonth();

describe('boot', () => {
  test('an instance each for images, media and files has its own prefix', () => {
    expect(images.staticFileURLPrefix).toBe('content/images');
    expect(media.staticFileURLPrefix).toBe('content/media');
    expect(files.staticFileURLPrefix).toBe('content/files');
    expect(Object.getPrototypeOf(S3CloudFrontStorage)).toHaveProperty('name', 'StorageBase');
    expect(images.requiredFns).toEqual(['exists', 'save', 'serve', 'delete', 'read']);
    expect(typeof images.serve()).toBe('function');
  });

  test('validate reports a bad configuration before any instance is made', () => {
    expect(() => S3CloudFrontStorage.validate({})).toThrow('"bucket" is missing');
    expect(() => S3CloudFrontStorage.validate({ bucket: 'b', cdnUrl: 'c.example.com' })).not.toThrow();
  });
});

describe('image upload (api/endpoints/images)', () => {
  test('the processed image and its original are stored side by side', async () => {
    const upload = {
      ...(await uploads.file('photo.jpg', JPEG, 'image/jpeg')),
      size: 999_999,
      ext: '.jpg',
      originalname: 'photo.jpg',
    };
    const url = await images.save(upload);
    expect(url).toBe(`${CDN_URL}/content/images/${month}/photo.jpg`);

    const relative = images.urlToPath(url);
    expect(relative).toBe(`${month}/photo.jpg`);
    const { path: originalPath } = await uploads.file('photo.jpg', ORIGINAL);
    const originalUrl = await images.save(
      { ...upload, path: originalPath, name: 'photo_o.jpg' },
      path.dirname(relative),
    );
    expect(originalUrl).toBe(`${CDN_URL}/content/images/${month}/photo_o.jpg`);

    expect(await bucket.read(`content/images/${month}/photo.jpg`)).toMatchObject({
      bytes: JPEG,
      contentType: 'image/jpeg',
      cacheControl: 'public, max-age=31536000, immutable',
    });
    expect(await bucket.read(`content/images/${month}/photo_o.jpg`)).toMatchObject({
      bytes: ORIGINAL,
      contentType: 'image/jpeg',
    });
  });

  test('file.size is that of the original upload, and is not believed', async () => {
    const upload = { ...(await uploads.file('photo.jpg', JPEG, 'image/jpeg')), size: 5 };
    await images.save(upload);
    expect((await bucket.read(`content/images/${month}/photo.jpg`)).bytes).toEqual(JPEG);
  });

  test('a second image of the name gets a number, and so does its original', async () => {
    await images.save(await uploads.file('photo.jpg', 'first', 'image/jpeg'));
    await images.save(await uploads.file('photo_o.jpg', 'first original', 'image/jpeg'), month);
    const url = await images.save(await uploads.file('photo.jpg', 'second', 'image/jpeg'));
    expect(images.urlToPath(url)).toBe(`${month}/photo-1.jpg`);
    await images.save(
      await uploads.file('photo-1_o.jpg', 'second original', 'image/jpeg'),
      path.dirname(images.urlToPath(url)),
    );
    expect(await bucket.keys()).toEqual(
      ['photo-1.jpg', 'photo-1_o.jpg', 'photo.jpg', 'photo_o.jpg'].map((name) => `content/images/${month}/${name}`),
    );
  });

  test('an icon and a profile image (with file.dimensions) and an svg are stored with their types', async () => {
    const dimensions = { width: 512, height: 512 };
    await images.save({ ...(await uploads.file('icon.png', 'png', 'image/png')), dimensions } as never);
    await images.save(await uploads.file('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml'));
    expect(await bucket.read(`content/images/${month}/icon.png`)).toMatchObject({ contentType: 'image/png' });
    expect(await bucket.read(`content/images/${month}/drawing.svg`)).toMatchObject({
      contentType: 'image/svg+xml',
    });
  });

  test('a name that arrives as mojibake is readable, and leads back to itself', async () => {
    const name = Buffer.from('Überraschung größe.jpg').toString('latin1');
    const url = await images.save(await uploads.file(name, JPEG, 'image/jpeg'));
    expect(url).toBe(`${CDN_URL}/content/images/${month}/Uberraschung-grosse.jpg`);
    expect(await images.read({ path: images.urlToPath(url) })).toEqual(JPEG);
  });
});

describe('media upload (api/endpoints/media)', () => {
  test('the thumbnail, then the video', async () => {
    const thumbnail = await media.save(await uploads.file('clip_thumb.jpg', 'thumbnail', 'image/jpeg'));
    const video = await media.save(await uploads.file('clip.mp4', 'video', 'video/mp4'));
    expect(thumbnail).toBe(`${CDN_URL}/content/media/${month}/clip_thumb.jpg`);
    expect(video).toBe(`${CDN_URL}/content/media/${month}/clip.mp4`);
    expect(await bucket.read(`content/media/${month}/clip.mp4`)).toMatchObject({ contentType: 'video/mp4' });
  });

  test.each([
    ['on the CDN', `${CDN_URL}/content/media/${month}/clip.mp4`],
    ['on the site', `http://blog.example.com/content/media/${month}/clip.mp4`],
    ['on a site in a sub-directory', `https://example.com/blog/content/media/${month}/clip.mp4`],
    ['in the database', `__GHOST_URL__/content/media/${month}/clip.mp4`],
  ])('replacing a thumbnail, with the URL of the video %s', async (_, url) => {
    await media.save(await uploads.file('clip_thumb.jpg', 'old', 'image/jpeg'));
    const directory = path.dirname(media.urlToPath(url));
    expect(directory).toBe(month);
    expect(await media.exists('clip_thumb.jpg', directory)).toBe(true);
    await media.delete('clip_thumb.jpg', directory);
    expect(await media.exists('clip_thumb.jpg', directory)).toBe(false);
    const replaced = await media.save(await uploads.file('clip_thumb.jpg', 'new', 'image/jpeg'), directory);
    expect(replaced).toBe(`${CDN_URL}/content/media/${month}/clip_thumb.jpg`);
    expect((await bucket.read(`content/media/${month}/clip_thumb.jpg`)).bytes.toString()).toBe('new');
  });
});

describe('file upload (api/endpoints/files)', () => {
  test('Ghost’s inert type is what the browser gets', async () => {
    await files.save(await uploads.file('page.html', '<script>alert(1)</script>', 'text/plain'));
    await files.save(await uploads.file('drawing.svg', '<svg/>', 'application/octet-stream'));
    expect(await bucket.read(`content/files/${month}/page.html`)).toMatchObject({
      contentType: 'text/plain; charset=utf-8',
    });
    expect(await bucket.read(`content/files/${month}/drawing.svg`)).toMatchObject({
      contentType: 'application/octet-stream',
    });
  });

  test('Ghost 5 names no type, and nothing that runs in a browser comes of it', async () => {
    await files.save(await uploads.file('page.html', '<script>alert(1)</script>'));
    await files.save(await uploads.file('report.pdf', '%PDF-'));
    expect(await bucket.read(`content/files/${month}/page.html`)).toMatchObject({
      contentType: 'text/plain; charset=utf-8',
    });
    expect(await bucket.read(`content/files/${month}/report.pdf`)).toMatchObject({
      contentType: 'application/pdf',
    });
  });

  test('a download keeps the name its author gave it', async () => {
    await files.save(await uploads.file('Jahresbericht 2026.pdf', '%PDF-', 'application/pdf'));
    expect(await bucket.read(`content/files/${month}/Jahresbericht-2026.pdf`)).toMatchObject({
      contentDisposition: 'attachment; filename="Jahresbericht 2026.pdf"',
    });
  });
});

describe('a responsive size (frontend/web/middleware/handle-image-sizes)', () => {
  test('cold: the size is looked for, the original read, the size stored with its own type', async () => {
    await images.save(await uploads.file('x.jpg', JPEG, 'image/jpeg'), '2026/11');
    await images.save(await uploads.file('x_o.jpg', ORIGINAL, 'image/jpeg'), '2026/11');
    expect(await images.exists('/size/w600/2026/11/x.jpg')).toBe(false);
    expect(await images.exists('/2026/11/x_o.jpg')).toBe(true);
    expect(await images.read({ path: '/2026/11/x_o.jpg' })).toEqual(ORIGINAL);
    const url = await images.saveRaw(Buffer.from('small'), '/size/w600/2026/11/x.jpg');
    expect(url).toBe(`${CDN_URL}/content/images/size/w600/2026/11/x.jpg`);
    expect(await images.exists('/size/w600/2026/11/x.jpg')).toBe(true);
    expect(await bucket.read('content/images/size/w600/2026/11/x.jpg')).toMatchObject({
      contentType: 'image/jpeg',
      cacheControl: 'public, max-age=31536000, immutable',
    });
  });

  test('an original of an earlier Ghost (x_o-1.jpg) is looked for and is not there', async () => {
    expect(await images.exists('/2026/11/x_o-1.jpg')).toBe(false);
  });

  test('in another format: the key keeps its .jpg while the bytes are webp', async () => {
    await images.saveRaw(Buffer.from('webp'), '/size/w1000/format/webp/2026/11/x.jpg');
    expect(await bucket.read('content/images/size/w1000/format/webp/2026/11/x.jpg')).toMatchObject({
      contentType: 'image/webp',
    });
  });

  test('query strings and doubled slashes make no second copy', async () => {
    await images.saveRaw(Buffer.from('small'), '/size/w600//2026/11/x.jpg?v=1');
    expect(await bucket.keys()).toEqual(['content/images/size/w600/2026/11/x.jpg']);
    expect(await images.exists('/size/w600/2026/11/x.jpg?v=2')).toBe(true);
    expect((await images.read({ path: '/size/w600/2026/11/x.jpg?v=3' })).toString()).toBe('small');
  });

  test('percent-encoding is decoded exactly once', async () => {
    await images.saveRaw(Buffer.from('ü'), '/size/w600/2026/11/%C3%BCber%20uns.jpg');
    expect(await bucket.keys()).toEqual(['content/images/size/w600/2026/11/über uns.jpg']);
    expect(await images.exists('/size/w600/2026/11/über%20uns.jpg')).toBe(true);
  });

  test('a size made again replaces the one before', async () => {
    await images.saveRaw(Buffer.from('before'), 'size/w600/2026/11/x.jpg');
    await images.saveRaw(Buffer.from('after'), 'size/w600/2026/11/x.jpg');
    expect((await images.read({ path: 'size/w600/2026/11/x.jpg' })).toString()).toBe('after');
  });

  test('..%2f in the URL leaves the storage in no call', async () => {
    await expect(images.exists('/size/w600/..%2f..%2f..%2fsecret.jpg')).rejects.toMatchObject({
      errorType: 'NotFoundError',
    });
    await expect(images.read({ path: '/..%2fsecret.jpg' })).rejects.toMatchObject({ errorType: 'IncorrectUsageError' });
    await expect(images.saveRaw(Buffer.from('x'), '/..%2fsecret.jpg')).rejects.toMatchObject({
      errorType: 'IncorrectUsageError',
    });
    await expect(images.delete('/..%2fsecret.jpg')).rejects.toMatchObject({ errorType: 'IncorrectUsageError' });
    expect(await bucket.keys()).toEqual([]);
  });
});

describe('dimensions of an image in a post (lib/image/image-size)', () => {
  test.each([
    '/2026/11/x.jpg',
    '2026/11/x.jpg',
    '/content/images/2026/11/x.jpg',
    `${CDN_URL}/content/images/2026/11/x.jpg`,
  ])('read(%s)', async (spelling) => {
    await images.save(await uploads.file('x.jpg', JPEG, 'image/jpeg'), '2026/11');
    const bytes = await images.read({ path: spelling });
    expect(Buffer.isBuffer(bytes)).toBe(true);
    expect(bytes).toEqual(JPEG);
  });

  test('a missing image rejects with a NotFoundError, which Ghost remembers as a 404', async () => {
    await expect(images.read({ path: '/2026/11/missing.jpg' })).rejects.toMatchObject({
      errorType: 'NotFoundError',
      statusCode: 404,
      code: 'STORAGE_FILE_NOT_FOUND',
    });
  });
});

describe('import of a zip (data/importer)', () => {
  test('images: with a directory joined to storagePath', async () => {
    const target = path.join(images.storagePath, '2020/01');
    const upload = await uploads.file('old.jpg', JPEG);
    expect(await images.getUniqueFileName(upload, target)).toBe(path.join(target, 'old.jpg'));
    expect(await images.save(upload, target)).toBe(`${CDN_URL}/content/images/2020/01/old.jpg`);
    expect(await images.getUniqueFileName(upload, target)).toBe(path.join(target, 'old-1.jpg'));
    expect(await images.save(upload, target)).toBe(`${CDN_URL}/content/images/2020/01/old-1.jpg`);
  });

  test('two files of a zip whose names become the same get the names that the posts show', async () => {
    const target = path.join(images.storagePath, '2020/01');
    const all = await Promise.all(['Ü.png', 'U.png', 'Ú.png'].map((name) => uploads.file(name, name)));
    const promised = await Promise.all(all.map((one) => images.getUniqueFileName(one, target)));
    expect(promised.map((one) => path.basename(one)).sort()).toEqual(['U-1.png', 'U-2.png', 'U.png']);
    const other = await images.save(await uploads.file('U.png', 'from the editor'), target);
    expect(other).toBe(`${CDN_URL}/content/images/2020/01/U-3.png`);
    const urls = await Promise.all(all.reverse().map((one) => images.save(one, target)));
    expect(urls.reverse()).toEqual(promised.map((one) => `${CDN_URL}/${one}`));
  });

  test('the promised name is kept after a failed upload, and after a delete elsewhere', async () => {
    await Promise.all(['x.png', 'x-1.png'].map((name) => bucket.put(`content/images/2020/01/${name}`, 'x')));
    await images.save(await uploads.file('x.png', 'x'), '2020/01');
    await bucket.server.client.send(
      new DeleteObjectCommand({ Bucket: bucket.name, Key: 'content/images/2020/01/x.png' }),
    );
    const upload = await uploads.file('x.png', 'x');
    const promised = await images.getUniqueFileName(upload, '2020/01');
    expect(promised).toBe('2020/01/x.png');
    await expect(images.save({ ...upload, path: '/nowhere' }, '2020/01')).rejects.toThrow();
    expect(await images.save(upload, '2020/01')).toBe(`${CDN_URL}/content/images/2020/01/x.png`);
  });

  test('a promised name that is taken since is left alone: the file gets another one, and the log says it', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    const upload = await uploads.file('late.png', 'mine');
    await images.getUniqueFileName(upload, '2020/01');
    await bucket.put('content/images/2020/01/late.png', 'theirs');
    expect(await images.save(upload, '2020/01')).toBe(`${CDN_URL}/content/images/2020/01/late-1.png`);
    expect((await bucket.read('content/images/2020/01/late.png')).bytes.toString()).toBe('theirs');
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('2020/01/late.png'));
    warn.mockRestore();
  });

  test('media and files: with a relative directory', async () => {
    const upload = await uploads.file('old.mp4', 'video');
    expect(await media.getUniqueFileName(upload, '2020/01')).toBe('2020/01/old.mp4');
    expect(await media.save(upload, '2020/01')).toBe(`${CDN_URL}/content/media/2020/01/old.mp4`);
    expect(await files.save(await uploads.file('images/x.pdf', 'x'), 'images/2020')).toBe(
      `${CDN_URL}/content/files/images/2020/x.pdf`,
    );
  });

  test('an absolute directory of Ghost 5', async () => {
    expect(await images.save(await uploads.file('old.jpg', JPEG), '/var/lib/ghost/content/images/2020/01')).toBe(
      `${CDN_URL}/content/images/2020/01/old.jpg`,
    );
  });

  test('a save that fails: what was stored before is found by its URL and deleted', async () => {
    const url = await images.save(await uploads.file('old.jpg', JPEG), '2020/01');
    const relative = images.urlToPath(url);
    await images.delete(path.basename(relative), path.dirname(relative));
    expect(await bucket.keys()).toEqual([]);
  });
});

describe('bookmark card (services/oembed)', () => {
  test('the icon and the thumbnail stand where Ghost says', async () => {
    const name = `${images.getSanitizedFileName('Größe & Co')}-0b1c.png`;
    expect(name).toBe('Grosse---Co-0b1c.png');
    expect(await images.saveRaw(Buffer.from('icon'), path.join('icon', name))).toBe(
      `${CDN_URL}/content/images/icon/${name}`,
    );
    expect(await images.saveRaw(Buffer.from('thumbnail'), `thumbnail/${name}`)).toBe(
      `${CDN_URL}/content/images/thumbnail/${name}`,
    );
    expect(await bucket.read(`content/images/icon/${name}`)).toMatchObject({ contentType: 'image/png' });
  });
});

describe('external media inliner (services/media-inliner)', () => {
  test('a Uint8Array is stored under a free name of this month', async () => {
    const storeOnce = async (bytes: string) => {
      const target = images.getTargetDir(images.storagePath);
      const unique = await images.getUniqueFileName({ name: 'pic.jpg' }, target);
      return images.saveRaw(new Uint8Array(Buffer.from(bytes)), path.relative(images.storagePath, unique));
    };
    expect(await storeOnce('one')).toBe(`${CDN_URL}/content/images/${month}/pic.jpg`);
    expect(await storeOnce('two')).toBe(`${CDN_URL}/content/images/${month}/pic-1.jpg`);
    expect((await images.read({ path: `${month}/pic.jpg` })).toString()).toBe('one');
    expect((await images.read({ path: `${month}/pic-1.jpg` })).toString()).toBe('two');
  });

  test.each([undefined, null, {}, { name: '' }])(
    'an image without a name is refused with the reason: %j',
    async (file) => {
      const reason = { errorType: 'IncorrectUsageError', code: 'STORAGE_FILE_NAME_MISSING' };
      await expect(images.getUniqueFileName(file as { name: string }, '2026/11')).rejects.toMatchObject(reason);
      await expect(images.save(file as Parameters<typeof images.save>[0])).rejects.toMatchObject(reason);
    },
  );

  test('an image with the name of an original gets one that visitors can read, as an upload of that name does', async () => {
    const target = images.getTargetDir(images.storagePath);
    for (const [name, stored] of [
      ['flickr_o.jpg', 'flickr.jpg'],
      ['5_o.JPEG', '5.JPEG'],
      ['a_o-b.png', 'a_o-b.png'],
      ['_o.png', 'image.png'],
      ['photo_o_o.jpg', 'photo.jpg'],
    ] as const) {
      const unique = await images.getUniqueFileName({ name }, target);
      expect(path.posix.basename(unique)).toBe(stored);
      expect(await images.saveRaw(Buffer.from(name), path.relative(images.storagePath, unique))).toBe(
        `${CDN_URL}/content/images/${month}/${stored}`,
      );
    }
  });
});

describe('the importer (data/importer/handlers/image)', () => {
  test('keeps the originals of a zip next to their images', async () => {
    const target = path.posix.join(images.storagePath, '2020/01');
    const file = { name: 'import_o.jpg', path: '/tmp/import_o.jpg' };
    expect(await images.getUniqueFileName(file, target)).toBe(path.posix.join(target, 'import_o.jpg'));
  });
});

describe('a sub-directory site', () => {
  test('changes what urlToPath is given, and never the keys', () => {
    expect(images.urlToPath('/blog/content/images/2026/11/x.jpg')).toBe('2026/11/x.jpg');
    expect(images.urlToPath('https://example.com/blog/content/images/2026/11/x.jpg')).toBe('2026/11/x.jpg');
  });
});

describe('urlToPath', () => {
  test.each([
    'https://elsewhere.example.com/x.jpg',
    `${CDN_URL}/content/media/2026/11/x.mp4`,
    CDN_URL,
    `${CDN_URL}/content/images/`,
  ])('refuses %s', (url) => {
    expect(() => images.urlToPath(url)).toThrow(expect.objectContaining({ errorType: 'IncorrectUsageError' }));
  });
});

describe('deleting', () => {
  test('what is not there is no error', async () => {
    await expect(images.delete('missing.jpg', '2026/11')).resolves.toBeUndefined();
  });
});
