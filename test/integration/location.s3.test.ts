import { readFile } from 'node:fs/promises';
import { CDN_URL } from '../support/adapter';
import { digest, MIB } from '../support/bytes';
import { runCommand, useContentFolder } from '../support/migrate/command';
import {
  COPYRIGHT,
  exif,
  exifSegment,
  hasPlace,
  jpeg,
  png,
  pngChunk,
  textChunk,
  webp,
  xmp,
  xmpSegment,
} from '../support/photos';
import { useBucket, useUploadFolder } from '../support/use-bucket';

const bucket = useBucket();
const folder = useContentFolder(bucket);
const uploads = useUploadFolder();

const PHOTO = jpeg([exifSegment(exif()), xmpSegment(xmp())]);

/** Uploads a file as Ghost does, and returns the bytes in the bucket. */
async function uploaded(name: string, bytes: Buffer, options: Record<string, unknown> = {}): Promise<Buffer> {
  const url = await bucket.createAdapter(options).save(await uploads.file(name, bytes), '2026/11');
  return (await bucket.read(decodeURIComponent(url.slice(CDN_URL.length + 1)))).bytes;
}

describe('visitors get a photo without the place where it was taken', () => {
  test.each([
    ['a JPEG', 'lake.jpg', PHOTO],
    ['a PNG', 'lake.png', png([{ type: 'eXIf', data: exif('MM') }])],
    ['a WebP', 'lake.webp', webp([{ type: 'EXIF', data: exif() }])],
    ['a JPEG under another name', 'lake.png', PHOTO],
    ['a JPEG without an extension', 'lake', PHOTO],
  ])('%s', async (_, name, photo) => {
    const stored = await uploaded(name, photo);
    expect([hasPlace(photo), hasPlace(stored)]).toEqual([true, false]);
    expect(stored).toHaveLength(photo.length);
    expect(stored.includes(COPYRIGHT)).toBe(true);
  });

  test('and Ghost’s temporary file, from which it stores the original, stays the same', async () => {
    const adapter = bucket.createAdapter();
    const file = await uploads.file('lake.jpg', PHOTO, 'image/jpeg');
    await adapter.save(file, '2026/11');
    expect(await readFile(file.path)).toEqual(PHOTO);
    await adapter.save({ ...file, name: 'lake_o.jpg' }, '2026/11');
    expect(hasPlace((await bucket.read('content/images/2026/11/lake.jpg')).bytes)).toBe(false);
    expect((await bucket.read('content/images/2026/11/lake_o.jpg')).bytes).toEqual(PHOTO);
    expect(await adapter.read({ path: '2026/11/lake_o.jpg' })).toEqual(PHOTO);
  });

  test.each([
    ['in one request', {}],
    ['in parts', { multipartUploadThresholdBytes: 1000 }],
  ])('also in an original whose name is taken, so that visitors can read it, %s', async (_, options) => {
    const adapter = bucket.createAdapter(options);
    const file = await uploads.file('lake_o.jpg', PHOTO, 'image/jpeg');
    const urls = [await adapter.save(file, '2026/11'), await adapter.save(file, '2026/11')];
    const stored = await Promise.all(urls.map((url) => bucket.read(new URL(url).pathname.slice(1))));
    expect(urls[1]).toMatch(/lake_o-1\.jpg$/);
    expect(stored.map(({ bytes }) => hasPlace(bytes))).toEqual([true, false]);
  });

  test('under names that turn into the name of an original, which visitors then can read', async () => {
    const adapter = bucket.createAdapter();
    for (const name of ['lake_o_o.jpg', 'lake_ö.jpg', 'озеро_о.jpg', '_o.jpg']) {
      const url = await adapter.save(await uploads.file(name, PHOTO, 'image/jpeg'));
      expect(url).not.toContain('_o');
      expect(hasPlace((await bucket.read(new URL(url).pathname.slice(1))).bytes)).toBe(false);
    }
  });

  test('also in a size for which Ghost uses the original, at once and later', async () => {
    const adapter = bucket.createAdapter();
    for (const name of ['size/w600/2026/11/lake.jpg', 'size/w600/2026/11/lake_o.jpg']) {
      const bytes = Buffer.from(PHOTO);
      await adapter.saveRaw(bytes, name);
      expect(bytes).toEqual(PHOTO);
      expect(hasPlace(await adapter.read({ path: name }))).toBe(false);
      expect(hasPlace((await bucket.read(`content/images/${name}`)).bytes)).toBe(false);
    }
  });

  test('that Ghost fetched from another site, but not in its original', async () => {
    const adapter = bucket.createAdapter();
    await adapter.saveRaw(PHOTO, '2026/11/lake.jpg');
    await adapter.saveRaw(PHOTO, '2026/11/lake_o.jpg');
    expect(hasPlace((await bucket.read('content/images/2026/11/lake.jpg')).bytes)).toBe(false);
    expect((await bucket.read('content/images/2026/11/lake_o.jpg')).bytes).toEqual(PHOTO);
  });

  test('whose upload seemed to fail, because the response was lost', async () => {
    bucket.server.memory?.injectFault({ operation: 'PutObject', kind: 'reset-after-store' });
    expect(hasPlace(await uploaded('lake.jpg', PHOTO))).toBe(false);
    expect(await bucket.keys()).toEqual(['content/images/2026/11/lake.jpg']);
  });

  test('that is the thumbnail of a video, whatever its name', async () => {
    for (const name of ['film_thumb.jpg', 'film_o.jpg']) {
      expect(hasPlace(await uploaded(name, PHOTO, { staticFileURLPrefix: 'content/media' }))).toBe(false);
    }
  });
});

describe('a photo of many megabytes', () => {
  const options = { multipartUploadThresholdBytes: 5 * MIB, multipartChunkSizeBytes: 5 * MIB };
  const pixels = Buffer.alloc(11 * MIB, 1);

  test('is sent in parts without the place, and arrives whole', async () => {
    const photo = jpeg([exifSegment(exif()), xmpSegment(xmp())], pixels);
    const stored = await uploaded('lake.jpg', photo, options);
    expect(hasPlace(stored)).toBe(false);
    expect(stored).toHaveLength(photo.length);
    const metadata = photo.length - pixels.length - 2;
    expect(digest(stored.subarray(metadata))).toBe(digest(photo.subarray(metadata)));
    expect(digest(await uploaded('lake_o.jpg', photo, options))).toBe(digest(photo));
    expect(digest(await uploaded('lake-2.jpg', photo, { ...options, keepLocation: true }))).toBe(digest(photo));
  });

  test('has no place where two parts meet', async () => {
    const xmpChunk = textChunk('iTXt', 'XML:com.adobe.xmp', xmp());
    const place = pngChunk(xmpChunk).indexOf('GPSLatitude');
    // The place begins in the first part and ends in the second.
    const before = png([]).length - 12 - 3000 + place + 4;
    const photo = png([xmpChunk], Buffer.alloc(5 * MIB - before, 1));
    expect(photo.subarray(0, 5 * MIB).includes('GPSL')).toBe(true);
    expect(photo.subarray(0, 5 * MIB).includes('GPSLatitude')).toBe(false);
    const stored = await uploaded('lake.png', photo, options);
    expect(hasPlace(stored)).toBe(false);
    expect(stored.includes('GPSL')).toBe(false);
    expect(stored).toHaveLength(photo.length);
  });
});

describe('a photo keeps its place', () => {
  test.each([true, 'true'])('with keepLocation %j', async (keepLocation) => {
    expect(await uploaded('lake.jpg', PHOTO, { keepLocation })).toEqual(PHOTO);
    await bucket.createAdapter({ keepLocation }).saveRaw(PHOTO, 'size/w600/2026/11/lake.jpg');
    expect((await bucket.read('content/images/size/w600/2026/11/lake.jpg')).bytes).toEqual(PHOTO);
  });

  test('as a download', async () => {
    expect(await uploaded('lake.jpg', PHOTO, { staticFileURLPrefix: 'content/files' })).toEqual(PHOTO);
  });

  test('when `migrate` copies it, which changes no byte', async () => {
    await folder.write({ 'images/2026/11/lake.jpg': PHOTO });
    expect((await runCommand(folder)).exitCode).toBe(0);
    expect((await bucket.read('content/images/2026/11/lake.jpg')).bytes).toEqual(PHOTO);
  });
});
