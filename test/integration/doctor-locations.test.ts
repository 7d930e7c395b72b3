import path from 'node:path';
import { diagnose } from '../../src/commands/doctor/diagnose';
import { bytesWithoutLocation } from '../../src/core/location/without-location';
import { type Breakage, BUCKET, troublesIn } from '../support/doctor';
import { reportOf, usePatient } from '../support/doctor/use-patient';
import { runCommand } from '../support/migrate/command';
import { exif, exifSegment, jpeg, png, webp } from '../support/photos';

const PHOTO = jpeg([exifSegment(exif())]);
const NEWEST = 'images/2026/12/own-photo.jpg';

const patient = usePatient();
const { examine } = patient;

/** Stores images in the bucket that are not on the disk. */
const storing =
  (images: Record<string, Buffer>): Breakage['files'] =>
  async (files) => {
    for (const [name, bytes] of Object.entries(images)) await files.store(name, 'image/jpeg', bytes);
  };

test('a blog whose images have no place is told so', async () => {
  expect(reportOf(await examine(), 'locations')).toMatchObject({
    result: 'passed',
    found: 'none of 6 images shows where the photo was taken',
  });
});

test('images that show where they were taken are counted, and the fix removes the place from all of them', async () => {
  const results = await examine({
    files: storing({
      'images/2019/03/own-a.jpg': PHOTO,
      'images/2019/03/own-b.png': png([{ type: 'eXIf', data: exif() }]),
      'images/2019/03/own-c.webp': webp([{ type: 'EXIF', data: exif() }]),
      'images/2019/03/own-a_o.jpg': PHOTO,
      'images/2019/03/own-drawing.svg': Buffer.from('<svg/>'),
      'images/size/w30/2019/03/own-a.jpg': PHOTO,
      'files/2019/03/own-a.jpg': PHOTO,
    }),
  });
  const { folder } = patient.current;
  expect(troublesIn(results)).toEqual([
    expect.stringMatching(
      /^warned locations: 3 of 10 images show where the photo was taken: https:\/\/images\.example\.test\/content\/images\/2019\/03\/own-.*\.$/,
    ),
  ]);
  const config = path.join(folder, 'config.production.json');
  expect(reportOf(results, 'locations')?.cure).toContain(`migrate --strip-location --config ${config}\n`);
  const content = path.join(folder, 'content');
  const unused = () => Promise.reject(new Error('unused'));
  const { exitCode, result } = await runCommand(
    { config, content, write: unused, read: unused, remove: unused },
    { stripLocation: true },
  );
  expect([exitCode, result.results.stripped?.files]).toEqual([0, 4]);
  expect(reportOf(await patient.current.examine(), 'locations')).toMatchObject({ result: 'passed' });
});

test('at most 50 images of a large blog are read, and only the beginning of each', async () => {
  const large = jpeg([exifSegment(exif())], Buffer.alloc(300_000, 1));
  const names = Array.from({ length: 120 }, (_, index) => `images/2020/05/more-${index}.jpg`);

  const blog = await patient.start({ files: storing(Object.fromEntries(names.map((name) => [name, large]))) });
  blog.s3.requests.length = 0;
  const results = await blog.examine();
  expect(reportOf(results, 'locations')?.found).toMatch(/^\d\d of 5\d images show where .* and \d\d more\.$/);
  const ranges = blog.s3.requests.filter(
    ({ operation, headers, key }) => operation === 'GetObject' && headers.range && /more-|own-/.test(key ?? ''),
  );
  expect(ranges.length).toBeLessThanOrEqual(50);
  expect(ranges.every(({ headers }) => /^bytes=0-\d{1,5}$/.test(headers.range ?? ''))).toBe(true);
});

test('an image whose metadata is behind megabytes of pixels is not read to its end, and not counted', async () => {
  const pieces = Array.from({ length: 60 }, () => ({ type: 'IDAT', data: Buffer.alloc(30_000, 1) }));
  const far = png([...pieces, { type: 'eXIf', data: exif() }]);
  const blog = await patient.start({ files: storing({ 'images/2019/03/own-far.png': far }) });
  const examineWith = (imageCount: number) =>
    diagnose(blog.contextFor({ ghost: blog.folder }, { imageCount }), { groups: ['Files'] });
  expect(reportOf(await examineWith(1), 'locations')).toMatchObject({
    result: 'passed',
    found: expect.stringContaining('none of 6 images'),
  });
  // Among those that the CDN sent as a whole, it is seen.
  expect(reportOf(await examineWith(20), 'locations')).toMatchObject({
    result: 'warned',
    found: expect.stringContaining('1 of 7 images shows where'),
  });
});

test('former copies on the CDN are told from images in the bucket', async () => {
  const clean = Buffer.from(await bytesWithoutLocation(PHOTO));
  const results = await examine({
    files: storing({ [NEWEST]: clean }),
    edge: { change: (answer, file) => void (file.includes('own-photo') && (answer.body = PHOTO)) },
  });
  expect(troublesIn(results)).toEqual([
    `warned locations: The CDN sends old copies of images, which show where the photo was taken: https://images.example.test/content/${NEWEST}.`,
  ]);
  expect(reportOf(results, 'locations')?.cure).toBe('Invalidate /content/images/* on the CDN.');
});

test('where images keep their place by choice, none is read for it', async () => {
  const blog = await patient.start({
    files: storing({ [NEWEST]: PHOTO }),
    config: ({ storage }) => Object.assign(storage.S3CloudFrontStorage, { keepLocation: true }),
  });
  const results = await blog.examine();
  expect(troublesIn(results)).toEqual([]);
  expect(reportOf(results, 'locations')).toMatchObject({
    result: 'unchecked',
    found: expect.stringContaining('"keepLocation"'),
  });
  const keys = blog.s3.requests.filter(({ operation, headers }) => operation === 'GetObject' && headers.range);
  expect(keys.map(({ key }) => key)).not.toContain(`content/${NEWEST}`);
});

test('where Ghost may not read the bucket, nothing is said about places', async () => {
  const results = await examine({ files: storing({ [NEWEST]: PHOTO }), forbidden: ['s3:GetObject'] });
  expect(reportOf(results, 'locations')).toMatchObject({ result: 'unchecked', skippedFor: expect.any(String) });
  expect(patient.current.s3.objects(BUCKET).has(`content/${NEWEST}`)).toBe(true);
});
