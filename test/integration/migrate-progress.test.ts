import type { InMemoryS3 } from '../support/in-memory-s3';
import { createContentFolder, runCommand, useContentFolder } from '../support/migrate/command';
import { useBucket } from '../support/use-bucket';

const bucket = useBucket({ inMemory: true });
const folder = useContentFolder(bucket);
const memory = () => bucket.server.memory as InMemoryS3;

const { isTTY, columns } = process.stdout;
const { CI } = process.env;
beforeEach(() => {
  Object.assign(process.stdout, { isTTY: true, columns: 200 });
  delete process.env.CI;
});
afterEach(() => {
  memory().clearFaults();
  Object.assign(process.stdout, { isTTY, columns });
  Object.assign(process.env, CI === undefined ? {} : { CI });
});

const NAMES = ['images/a.jpg', 'images/b.jpg', 'media/c.mp4', 'media/d.mp4', 'files/e.pdf', 'files/f.pdf'];

/** The totals that were shown, each once. */
const totalsIn = (said: string) => [...new Set([...said.matchAll(/\d+ of ([\d,]+) files/g)].map(([, total]) => total))];

describe('the progress knows all files from the first time that it names a total', () => {
  test('of uploads', async () => {
    await folder.write(Object.fromEntries(NAMES.map((name) => [name, name])));
    memory().injectFault({ operation: 'PutObject', times: 6, kind: { delayMs: 500 } });
    const { said, exitCode } = await runCommand(folder, { json: false, concurrency: '1' });
    expect([exitCode, totalsIn(said)]).toEqual([0, ['6']]);
  });

  test('of downloads', async () => {
    await Promise.all(NAMES.map((name) => bucket.put(`content/${name}`, name)));
    memory().injectFault({ operation: 'GetObject', times: 6, kind: { delayMs: 500 } });
    const { said, exitCode } = await runCommand(folder, { json: false, concurrency: '1', toLocal: true });
    expect([exitCode, totalsIn(said)]).toEqual([0, ['6']]);
  });

  test('of copies from another bucket', async () => {
    await Promise.all(NAMES.map((name) => bucket.put(`content/${name}`, name)));
    memory().createBucket('another', {});
    const other = await createContentFolder(bucket.options({ bucket: 'another' }));
    memory().injectFault({ operation: 'CopyObject', times: 6, kind: { delayMs: 500 } });
    const { said, exitCode } = await runCommand(other, {
      json: false,
      concurrency: '1',
      fromUrl: `https://${bucket.name}.example.com`,
      fromBucket: bucket.name,
    });
    await other.remove();
    expect([exitCode, totalsIn(said)]).toEqual([0, ['6']]);
  });
});
