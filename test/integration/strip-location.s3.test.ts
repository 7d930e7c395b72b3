import type { MigrateOptions } from '../../src/commands/migrate/settings';
import { digest, MIB } from '../support/bytes';
import { createContentFolder, runCommand, useContentFolder } from '../support/migrate/command';
import { startMigrate } from '../support/migrate/process';
import { COPYRIGHT, exif, exifSegment, hasPlace, jpeg, png, webp, xmp, xmpSegment } from '../support/photos';
import { useBucket } from '../support/use-bucket';

const bucket = useBucket();
const folder = useContentFolder(bucket);

const PHOTO = jpeg([exifSegment(exif()), xmpSegment(xmp())]);
const CLEAN = jpeg([exifSegment(exif('II', []))]);
const LARGE = jpeg([exifSegment(exif())], Buffer.alloc(9 * MIB, 1));

/** A blog with everything that keeps its location, and everything that does not. */
const BLOG: Record<string, string | Uint8Array> = {
  'images/2026/11/clean.jpg': CLEAN,
  'images/2026/11/lake.jpg': PHOTO,
  'images/2026/11/lake_o.jpg': PHOTO,
  'images/2026/11/lake.png': png([{ type: 'eXIf', data: exif('MM') }]),
  'images/2026/11/lake.webp': webp([{ type: 'EXIF', data: exif() }]),
  'images/size/w600/2026/11/lake.jpg': PHOTO,
  'media/2026/11/film_thumb.jpg': PHOTO,
  'files/2026/11/lake.jpg': PHOTO,
};
const KEEPING = ['images/2026/11/lake_o.jpg', 'files/2026/11/lake.jpg'];
const HIDING = Object.keys(BLOG).filter((name) => !KEEPING.includes(name) && hasPlace(BLOG[name] as Uint8Array));

const read = async (name: string) => (await bucket.read(`content/${name}`)).bytes;
const strip = (options: Partial<MigrateOptions> = {}) => runCommand(folder, { stripLocation: true, ...options });

/** Returns the names of the files with a place in the bucket. */
async function located(): Promise<string[]> {
  const names: string[] = [];
  for (const key of await bucket.keys()) {
    if (hasPlace((await bucket.read(key)).bytes)) names.push(key.replace('content/', ''));
  }
  return names.sort();
}

test('migrate --strip-location uploads images and thumbnails without their place, and all else as it is', async () => {
  await folder.write(BLOG);
  const before = await folder.read();
  const { exitCode, result, lines } = await strip({ verify: true });
  expect([exitCode, result.verified]).toEqual([0, Object.keys(BLOG).length]);
  expect(await located()).toEqual([...KEEPING].sort());
  expect(result.withoutLocation).toBe(HIDING.length);
  const marked = lines.filter(({ withoutLocation }) => withoutLocation).map((line) => line.path);
  expect(marked.sort()).toEqual([...HIDING].sort());
  for (const [name, bytes] of Object.entries(BLOG)) {
    const stored = await read(name);
    expect(stored).toHaveLength(bytes.length);
    if (!HIDING.includes(name)) expect(stored).toEqual(bytes);
  }
  expect((await read('images/2026/11/lake.jpg')).includes(COPYRIGHT)).toBe(true);
  expect(await folder.read()).toEqual(before);
});

test('it has nothing to do the second time, and sends nothing', async () => {
  await folder.write({ ...BLOG, 'images/2026/11/large.jpg': LARGE });
  await strip();
  const before = await bucket.objects();
  const { exitCode, result } = await strip({ verify: true });
  expect([exitCode, Object.keys(result.results), result.verified]).toEqual([0, ['present'], 9]);
  expect(result.replaced).toEqual({ invalidated: [], toInvalidate: [] });
  expect(await bucket.objects()).toEqual(before);
});

test('a large photo is sent in parts without its place, and known again', async () => {
  await folder.write({ 'images/2026/11/large.jpg': LARGE });
  await runCommand(folder);
  expect((await strip({ verify: true })).result).toMatchObject({ results: { stripped: { files: 1 } }, verified: 1 });
  const stored = await read('images/2026/11/large.jpg');
  expect([hasPlace(stored), stored.length]).toEqual([false, LARGE.length]);
  expect(digest(stored.subarray(2000))).toBe(digest(LARGE.subarray(2000)));
  expect(await bucket.multipartUploads()).toEqual([]);
});

test('images that were copied with their place before are replaced, whatever copied them', async () => {
  await folder.write(BLOG);
  await runCommand(folder);
  expect(await located()).toEqual([...KEEPING, ...HIDING].sort());
  const headersOf = async () => {
    const { contentType, cacheControl, contentDisposition } = await bucket.read('content/images/2026/11/lake.jpg');
    return { contentType, cacheControl, contentDisposition };
  };
  const before = await headersOf();
  const { exitCode, result } = await strip();
  expect([exitCode, result.results.stripped?.files]).toEqual([0, HIDING.length]);
  expect(await located()).toEqual([...KEEPING].sort());
  expect(await headersOf()).toEqual(before);
});

test('another image with the same name stays, and is named', async () => {
  const other = Buffer.from(PHOTO).fill(7, PHOTO.length - 100, PHOTO.length - 10);
  await folder.write({ 'images/2026/11/lake.jpg': PHOTO });
  await bucket.put('content/images/2026/11/lake.jpg', other);
  const { exitCode, lines } = await strip();
  expect([exitCode, lines[0]?.result]).toEqual([1, 'conflict']);
  expect(await read('images/2026/11/lake.jpg')).toEqual(other);
  const replaced = await strip({ overwrite: true });
  expect([replaced.exitCode, replaced.lines[0]]).toMatchObject([0, { result: 'overwritten', withoutLocation: true }]);
  expect(await located()).toEqual([]);
});

test('--dry-run says what would be replaced and uploaded, and changes nothing', async () => {
  await folder.write({ 'images/a.jpg': PHOTO, 'images/b.jpg': PHOTO });
  await bucket.put('content/images/a.jpg', PHOTO);
  await bucket.put('content/images/only-here.jpg', PHOTO);
  const before = await bucket.objects();
  const { exitCode, result } = await strip({ dryRun: true });
  expect([exitCode, result.withoutLocation]).toEqual([0, 1]);
  expect(result.results).toMatchObject({ 'to-strip': { files: 2 }, 'to-upload': { files: 1 } });
  expect(await bucket.objects()).toEqual(before);
});

describe('images that are only in the bucket, because Ghost stored them there', () => {
  const name = 'images/2026/11/only-here.jpg';

  test('lose their place, and keep their headers', async () => {
    const headers = { ContentType: 'image/jpeg', CacheControl: 'max-age=7', Metadata: { of: 'another' } };
    await bucket.put(`content/${name}`, PHOTO, headers);
    await bucket.put('content/images/2026/11/only-here_o.jpg', PHOTO);
    await bucket.put('content/images/2026/11/drawing.svg', '<svg/>');
    await bucket.put('content/images/2026/11/empty.jpg', '');
    await bucket.put('content/files/2026/11/only-here.jpg', PHOTO);
    await bucket.put('content/media/2026/11/only-here_thumb.jpg', PHOTO);
    await folder.write({ 'images/2026/11/clean.jpg': CLEAN });
    const { exitCode, result } = await strip({ verify: true });
    expect([exitCode, result.verified]).toEqual([0, 3]);
    expect(result.results).toMatchObject({ uploaded: { files: 1 }, stripped: { files: 2 } });
    expect(await located()).toEqual(['files/2026/11/only-here.jpg', 'images/2026/11/only-here_o.jpg']);
    const { bytes, contentType, cacheControl, metadata } = await bucket.read(`content/${name}`);
    expect([bytes.length, contentType, cacheControl, metadata?.of]).toEqual([
      PHOTO.length,
      'image/jpeg',
      'max-age=7',
      'another',
    ]);
    expect((await strip()).result.results).toEqual({ present: { files: 1, bytes: CLEAN.length } });
  });

  test('also large ones, and those around the files on the disk', async () => {
    for (const file of ['images/a.jpg', 'images/c.jpg', 'images/e.jpg']) await bucket.put(`content/${file}`, PHOTO);
    await bucket.put('content/images/large.jpg', LARGE);
    await folder.write({ 'images/b.jpg': 'b', 'images/d.jpg': 'd' });
    expect((await strip()).result.results).toMatchObject({ uploaded: { files: 2 }, stripped: { files: 4 } });
    expect(await located()).toEqual([]);
    expect(digest((await read('images/large.jpg')).subarray(2000))).toBe(digest(LARGE.subarray(2000)));
  });

  test('but not without the option, and not sizes with --skip-sizes', async () => {
    await bucket.put('content/images/size/w600/2026/11/lake.jpg', PHOTO);
    await folder.write({ 'images/2026/11/clean.jpg': CLEAN });
    await runCommand(folder);
    await strip({ skipSizes: true });
    expect(await located()).toEqual(['images/size/w600/2026/11/lake.jpg']);
  });
});

describe('a run without the option takes a stripped image for the file on the disk', () => {
  test('to the bucket, also with --overwrite, and says that it has no place', async () => {
    await folder.write({ ...BLOG, 'images/2026/11/large.jpg': LARGE });
    await strip();
    const before = await bucket.objects();
    for (const options of [{}, { overwrite: true, verify: true }, { dryRun: true }]) {
      const { exitCode, result } = await runCommand(folder, options);
      expect([exitCode, Object.keys(result.results), result.withoutLocation]).toEqual([
        0,
        ['present'],
        HIDING.length + 1,
      ]);
    }
    expect(await bucket.objects()).toEqual(before);
    const { said } = await runCommand(folder, { json: false });
    expect(said).toContain('6  of these: in the bucket without the place where they were taken');
  });

  test('to the disk, whose file keeps its place', async () => {
    await folder.write(BLOG);
    await strip();
    const before = await folder.read();
    const { exitCode, result } = await runCommand(folder, { toLocal: true, overwrite: true, verify: true });
    expect([exitCode, Object.keys(result.results), result.verified]).toEqual([0, ['present'], 8]);
    expect(await folder.read()).toEqual(before);
  });

  test('but not where images keep their place, so that --overwrite brings it back', async () => {
    await folder.write({ 'images/2026/11/lake.jpg': PHOTO });
    await strip();
    const keeping = await createContentFolder(bucket.options({ keepLocation: true }));
    await keeping.write({ 'images/2026/11/lake.jpg': PHOTO });
    expect((await runCommand(keeping)).lines[0]?.result).toBe('conflict');
    expect((await runCommand(keeping, { overwrite: true })).lines[0]?.result).toBe('overwritten');
    expect(await read('images/2026/11/lake.jpg')).toEqual(PHOTO);
    await keeping.remove();
  });
});

test('a run that was stopped continues, and no image is damaged', async () => {
  const names = Array.from({ length: 300 }, (_, index) => `images/2026/11/${index}.jpg`);
  const photoOf = (name: string) => jpeg([exifSegment(exif())], Buffer.from(name.repeat(50)));
  await folder.write(Object.fromEntries(names.map((name) => [name, photoOf(name)])));
  await runCommand(folder);
  const { child, ended } = startMigrate(folder, '--strip-location', '--concurrency', '2');
  for (;;) {
    const first = await bucket.read(`content/images/2026/11/0.jpg`);
    if (!hasPlace(first.bytes)) break;
  }
  child.kill('SIGKILL');
  await ended;
  const { exitCode, result } = await strip({ verify: true });
  expect([exitCode, result.verified]).toEqual([0, names.length]);
  expect(await located()).toEqual([]);
  for (const name of names.slice(0, 20)) expect((await read(name)).includes(name.repeat(50))).toBe(true);
});

describe('what cannot work is refused with its fix', () => {
  test('while the adapter keeps the location of new images', async () => {
    const keeping = await createContentFolder(bucket.options({ keepLocation: true }));
    const { error } = await runCommand(keeping, { stripLocation: true });
    expect(error?.message).toBe(
      `--strip-location removes the location from images, but "keepLocation" is true in ${keeping.config}.`,
    );
    expect(error?.cure).toContain('remove "keepLocation"');
    await keeping.remove();
  });

  test('in the direction of the disk', async () => {
    const { error } = await strip({ toLocal: true });
    expect(error?.message).toMatch(/^--strip-location cannot be used with --to-local/);
  });
});
