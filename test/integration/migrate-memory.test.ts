import { randomBytes } from 'node:crypto';
import { MIB } from '../support/bytes';
import { runCommand, useContentFolder } from '../support/migrate/command';
import { startMigrate } from '../support/migrate/process';
import { exif, exifSegment, jpeg } from '../support/photos';
import { useBucket } from '../support/use-bucket';

const MEMORY_LIMIT_BYTES = 200e6;

const bucket = useBucket();
const folder = useContentFolder(bucket);

test('takes a bounded memory, whatever the number and the size of the files', async () => {
  const names = Array.from({ length: 3_000 }, (_, index) => `images/${index % 20}/${index}.jpg`);
  await folder.write(Object.fromEntries(names.map((name) => [name, name])));
  const large = Array.from({ length: 40 }, (_, index) => `media/${index}.mp4`);
  await folder.write(Object.fromEntries(large.map((name) => [name, randomBytes(7 * MIB)])));
  const { code, peakBytes } = await startMigrate(folder).ended;
  expect(code).toBe(0);
  expect(peakBytes).toBeLessThan(MEMORY_LIMIT_BYTES);
});

test('takes a bounded memory, too, while it removes the location from photos on the disk and only in the bucket', async () => {
  const photo = jpeg([exifSegment(exif())], randomBytes(7 * MIB));
  const names = Array.from({ length: 20 }, (_, index) => `images/${index + 10}.jpg`);
  await folder.write(Object.fromEntries(names.map((name) => [name, photo])));
  for (const name of names) await bucket.put(`content/${name}`, photo);
  for (const name of names) await bucket.put(`content/${name.replace('.jpg', '-only-here.jpg')}`, photo);
  const { code, said, peakBytes } = await startMigrate(folder, '--strip-location').ended;
  expect([code, said]).toEqual([0, expect.stringMatching(/ 40 {2}replaced by the same image without its location/)]);
  expect(peakBytes).toBeLessThan(MEMORY_LIMIT_BYTES);
});

test('reads one large file after the other into the same memory, because Node frees it late', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `media/${index}.mp4`);
  await folder.write(Object.fromEntries(names.map((name) => [name, randomBytes(2 * MIB)])));
  const allocations = [jest.spyOn(Buffer, 'allocUnsafeSlow'), jest.spyOn(Buffer, 'allocUnsafe')];
  const { result } = await runCommand(folder, { concurrency: '4' });
  const large = allocations.flatMap(({ mock }) => mock.calls).filter(([bytes]) => bytes >= MIB);
  allocations.forEach((spy) => spy.mockRestore());
  expect(result.results.uploaded?.files).toBe(30);
  // The S3 in this process allocates memory for each file, too.
  expect(large.length).toBeLessThanOrEqual(names.length + 6);
});
