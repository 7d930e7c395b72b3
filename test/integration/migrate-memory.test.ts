import { randomBytes } from 'node:crypto';
import { MIB } from '../support/bytes';
import { useContentFolder } from '../support/migrate/command';
import { startMigrate } from '../support/migrate/process';
import { useBucket } from '../support/use-bucket';

jest.setTimeout(240_000);

const MEMORY_LIMIT_BYTES = 200e6;

const folder = useContentFolder(useBucket());

test('takes a bounded memory, whatever the number and the size of the files', async () => {
  const names = Array.from({ length: 6_000 }, (_, index) => `images/${index % 20}/${index}.jpg`);
  await folder.write(Object.fromEntries(names.map((name) => [name, name])));
  const large = Array.from({ length: 40 }, (_, index) => `media/${index}.mp4`);
  await folder.write(Object.fromEntries(large.map((name) => [name, randomBytes(7 * MIB)])));
  const { code, peakBytes } = await startMigrate(folder).ended;
  expect(code).toBe(0);
  expect(peakBytes).toBeLessThan(MEMORY_LIMIT_BYTES);
});
