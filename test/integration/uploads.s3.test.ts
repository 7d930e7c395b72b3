import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { CDN_URL, createAdapter } from '../support/adapter';
import { MIB, digest } from '../support/bytes';
import { useBucket, useUploadFolder } from '../support/use-bucket';

const bucket = useBucket();
const uploads = useUploadFolder();

async function bytesByUrl(urls: string[]): Promise<string[]> {
  return Promise.all(
    urls.map(async (url) => digest((await bucket.read(decodeURIComponent(url.slice(CDN_URL.length + 1)))).bytes)),
  );
}

describe('uploads', () => {
  test.each([0, 1, 65_536, 5 * MIB, 8 * MIB - 1, 8 * MIB, 13 * MIB + 1])('of %d bytes arrive whole', async (size) => {
    const bytes = randomBytes(size);
    const url = await bucket.createAdapter().save(await uploads.file('x.bin', bytes));
    expect(await bytesByUrl([url])).toEqual([digest(bytes)]);
    expect(await bucket.multipartUploads()).toEqual([]);
  });

  test('in parts keep their headers', async () => {
    const adapter = bucket.createAdapter({
      staticFileURLPrefix: 'content/files',
      cacheControl: 'public, max-age=60',
    });
    await adapter.save(await uploads.file('Mein Film.mov', randomBytes(11 * MIB), 'video/quicktime'), '2026/11');
    expect(await bucket.read('content/files/2026/11/Mein-Film.mov')).toMatchObject({
      contentType: 'video/quicktime',
      cacheControl: 'public, max-age=60',
      contentDisposition: 'attachment; filename="Mein Film.mov"',
    });
  });

  test('50 of one name at once become 50 objects, each with its own bytes', async () => {
    const adapter = bucket.createAdapter();
    const contents = Array.from({ length: 50 }, () => randomBytes(2000));
    const urls = await Promise.all(
      contents.map(async (bytes) => adapter.save(await uploads.file('image.png', bytes, 'image/png'))),
    );
    expect(new Set(urls).size).toBe(50);
    expect(await bytesByUrl(urls)).toEqual(contents.map(digest));
    expect(await bucket.objects()).toHaveLength(50);
  });

  test('5 large ones of one name at once become 5 objects, each with its own bytes', async () => {
    const adapter = bucket.createAdapter();
    const contents = Array.from({ length: 5 }, () => randomBytes(9 * MIB));
    const urls = await Promise.all(
      contents.map(async (bytes) => adapter.save(await uploads.file('clip.mp4', bytes, 'video/mp4'))),
    );
    expect(new Set(urls).size).toBe(5);
    expect(await bytesByUrl(urls)).toEqual(contents.map(digest));
    expect(await bucket.objects()).toHaveLength(5);
    expect(await bucket.multipartUploads()).toEqual([]);
  });

  test('one after another get the next numbers, whatever else begins with the name', async () => {
    for (const name of [
      'photo.jpg',
      'photo-2.jpg',
      'photo-10.jpg',
      'photo-x.jpg',
      'photo-3.png',
      'photo-07.jpg',
      'photo-99999999999.jpg',
      'photos-50.jpg',
      'photo-4_o.jpg',
    ]) {
      await bucket.put(`content/images/2026/11/${name}`, 'taken');
    }
    const adapter = bucket.createAdapter();
    expect(await adapter.save(await uploads.file('photo.jpg', 'new'), '2026/11')).toBe(
      `${CDN_URL}/content/images/2026/11/photo-11.jpg`,
    );
    expect(await adapter.save(await uploads.file('photo.jpg', 'newer'), '2026/11')).toBe(
      `${CDN_URL}/content/images/2026/11/photo-12.jpg`,
    );
    expect((await bucket.read('content/images/2026/11/photo.jpg')).bytes.toString()).toBe('taken');
  });

  test('a name that only case or an extension tells apart is free', async () => {
    const adapter = bucket.createAdapter();
    for (const name of ['x.jpg', 'X.jpg', 'x.png', 'x']) {
      expect(await adapter.save(await uploads.file(name, name), '2026/11')).toBe(
        `${CDN_URL}/content/images/2026/11/${name}`,
      );
    }
  });

  test('into two buckets at the same time arrive each in its own', async () => {
    const { server } = bucket;
    const buckets = [bucket.name, await server.createBucket()];
    const adapters = buckets.map((name) => ({ name, adapter: createAdapter(server, name) }));
    const saving = Array.from({ length: 20 }, (_, index) =>
      adapters.map(({ name, adapter }) => adapter.saveRaw(Buffer.from(name), `icon/${index}.png`)),
    );
    await Promise.all(saving.flat());
    for (const name of buckets) {
      const objects = await server.objects(name);
      expect(objects).toHaveLength(20);
      const contents = await Promise.all(
        objects.map(async ({ key }) => (await server.read(name, key)).bytes.toString()),
      );
      expect(new Set(contents)).toEqual(new Set([name]));
    }
  });

  test('of two tenants and three features stay apart', async () => {
    const saved = [];
    for (const tenantPrefix of ['seven', 'eight']) {
      for (const staticFileURLPrefix of ['content/images', 'content/media', 'content/files']) {
        const adapter = bucket.createAdapter({ tenantPrefix, staticFileURLPrefix });
        saved.push(await adapter.save(await uploads.file('x.jpg', tenantPrefix), '2026/11'));
      }
    }
    expect(saved.slice(0, 4)).toEqual([
      `${CDN_URL}/seven/content/images/2026/11/x.jpg`,
      `${CDN_URL}/seven/content/media/2026/11/x.jpg`,
      `${CDN_URL}/seven/content/files/2026/11/x.jpg`,
      `${CDN_URL}/eight/content/images/2026/11/x.jpg`,
    ]);
    const seven = bucket.createAdapter({ tenantPrefix: 'seven' });
    expect((await seven.read({ path: '2026/11/x.jpg' })).toString()).toBe('seven');
    await seven.delete('x.jpg', '2026/11');
    expect(await bucket.createAdapter({ tenantPrefix: 'eight' }).exists('x.jpg', '2026/11')).toBe(true);
  });
});

describe('hostile names end inside the month’s directory', () => {
  test.each([
    '../../../etc/passwd',
    '..',
    '.htaccess',
    '%2e%2e%2fx.jpg',
    'a\0b.jpg',
    'C:\\Windows\\x.jpg',
    '🎉🎉.png',
    '***.png',
    '日本語の写真.jpg',
    'no-extension',
    'x'.repeat(900),
    '<script>.svg',
    'a?b=c&d#e.jpg',
    ' leading and trailing .jpg ',
  ])('%j', async (name) => {
    const adapter = bucket.createAdapter();
    const bytes = Buffer.from(`bytes of ${name}`);
    const url = await adapter.save(await uploads.file(name, bytes), '2026/11');
    expect(url).toMatch(/^https:\/\/images\.example\.com\/content\/images\/2026\/11\/[\w.@-]+$/);
    expect(await adapter.read({ path: adapter.urlToPath(url) })).toEqual(bytes);
    expect(await bucket.objects()).toHaveLength(1);
  });

  test.each([
    ['3,000 letters', `${'x'.repeat(3000)}.jpg`],
    ['71 Chinese characters', `${'很'.repeat(71)}.jpg`],
    ['an extension of 3,000 letters', `x.${'y'.repeat(3000)}`],
  ])('a name of %s is cut, so that it and its original fit on a disk, also when they are taken', async (_, name) => {
    const adapter = bucket.createAdapter();
    const urls: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      const url = await adapter.save(await uploads.file(name, `image ${count}`), '2026/11');
      const stored = path.posix.parse(adapter.urlToPath(url));
      const original = `${stored.name}_o${stored.ext}`;
      const urlOfOriginal = await adapter.save(await uploads.file(original, `original ${count}`), stored.dir);
      expect(path.posix.basename(urlOfOriginal)).toBe(original);
      urls.push(url, urlOfOriginal, await adapter.save(await uploads.file(original, 'another'), stored.dir));
    }
    expect(new Set(urls).size).toBe(6);
    for (const url of urls) {
      expect(Buffer.byteLength(path.posix.basename(url))).toBeLessThanOrEqual(255);
    }
    expect((await adapter.read({ path: adapter.urlToPath(urls[0] ?? '') })).toString()).toBe('image 0');
    expect((await adapter.read({ path: adapter.urlToPath(urls[4] ?? '') })).toString()).toBe('original 1');
  });

  test('bytes under a name that is too long for a disk are stored under a shorter one', async () => {
    const adapter = bucket.createAdapter();
    const urls = await Promise.all(
      ['a', 'b'].map((end) => adapter.saveRaw(Buffer.from(end), `thumbnail/${'x'.repeat(3000)}${end}.png`)),
    );
    expect(new Set(urls).size).toBe(2);
    for (const url of urls) {
      expect(Buffer.byteLength(path.posix.basename(url))).toBeLessThanOrEqual(255);
      expect(url).toMatch(/\/thumbnail\/x.*\.png$/);
    }
  });

  test('a directory that leaves little room in a key makes the name shorter, and refuses no upload', async () => {
    const adapter = bucket.createAdapter();
    const directory = Array.from({ length: 6 }, () => 'd'.repeat(140)).join('/');
    const url = await adapter.save(await uploads.file(`${'x'.repeat(240)}.jpg`, 'x'), directory);
    expect(Buffer.byteLength(adapter.urlToPath(url))).toBeLessThanOrEqual(1024 - 'content/images/'.length);
    expect(url).toMatch(/x\.jpg$/);
  });

  test('a directory that leaves the storage is refused, and nothing is stored', async () => {
    const adapter = bucket.createAdapter();
    for (const directory of ['../..', '2026/../../..', '%2e%2e', '..\\..', '2026/11\0']) {
      await expect(adapter.save(await uploads.file('x.jpg', 'x'), directory)).rejects.toMatchObject({
        errorType: 'IncorrectUsageError',
      });
    }
    expect(await bucket.objects()).toEqual([]);
  });
});
