import { randomBytes } from 'node:crypto';
import { MIB } from '../support/bytes';
import { createContentFolder } from '../support/migrate/command';
import { startMigrate } from '../support/migrate/process';
import { startS3UnderTest } from '../support/s3-under-test';

jest.setTimeout(240_000);

const MEMORY_LIMIT_BYTES = 200e6;

test('takes a bounded memory, whatever the number and the size of the files', async () => {
  const server = await startS3UnderTest();
  const folder = await createContentFolder(server, await server.createBucket());
  const names = Array.from({ length: 6_000 }, (_, index) => `images/${index % 20}/${index}.jpg`);
  await folder.write(Object.fromEntries(names.map((name) => [name, name])));
  const large = Array.from({ length: 40 }, (_, index) => `media/${index}.mp4`);
  await folder.write(Object.fromEntries(large.map((name) => [name, randomBytes(7 * MIB)])));
  const { code, peakBytes } = await startMigrate(folder).ended;
  await folder.remove();
  await server.close();
  expect(code).toBe(0);
  expect(peakBytes).toBeLessThan(MEMORY_LIMIT_BYTES);
});
