import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { digest, MIB } from '../support/bytes';
import { useContentFolder } from '../support/migrate/command';
import { startMigrate } from '../support/migrate/process';
import { useBucket } from '../support/use-bucket';

const FILES = 400;

const bucket = useBucket();
const folder = useContentFolder(bucket);

/** Runs the built command. */
const start = (...options: string[]) => startMigrate(folder, ...options);

async function writeMany(): Promise<void> {
  const names = Array.from(
    { length: FILES },
    (_, index) => `images/2025/${String(index % 12).padStart(2, '0')}/${index}.jpg`,
  );
  await folder.write(Object.fromEntries(names.map((name) => [name, `picture ${name}`.repeat(20)])));
  await folder.write({ 'media/film.mp4': randomBytes(12 * MIB) });
}

/** Returns the digests of all objects, like those that `folder.read` returns for the files. */
async function stored(): Promise<Record<string, string>> {
  const atATime = pLimit(16);
  const objects = await bucket.objects();
  const entries = objects.map(({ key }) =>
    atATime(async () => [key.replace('content/', ''), digest((await bucket.read(key)).bytes)] as const),
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** Returns the paths of all files and folders in the content folder. */
const onDisk = () => readdir(folder.content, { recursive: true });

test('killed ten times in the middle, it ends as one run would have', async () => {
  await writeMany();
  const counts: number[] = [];
  let killed = 0;
  for (let kill = 0; kill < 10; kill += 1) {
    const { child, ended } = start();
    const before = counts.at(-1) ?? 0;
    for (let now = before; now < before + 30 && child.exitCode === null; now = (await bucket.objects()).length) {
      await sleep(25);
    }
    child.kill('SIGKILL');
    if ((await ended).code === null) killed += 1;
    counts.push((await bucket.objects()).length);
  }
  expect(killed).toBeGreaterThan(0);
  expect(counts[0]).toBeLessThan(FILES);
  const { code, said } = await start('--verify').ended;
  expect([code, said]).toEqual([0, expect.stringContaining('Everything is in the bucket')]);
  expect(await stored()).toEqual(await folder.read());
});

test('killed on the way back, it ends as one run would have, and leaves nothing but the files', async () => {
  await writeMany();
  expect((await start().ended).code).toBe(0);
  const before = await folder.read();
  await rm(folder.content, { recursive: true });
  await mkdir(folder.content);
  let killed = 0;
  for (let kill = 0; kill < 5; kill += 1) {
    const { child, ended } = start('--to-local');
    const count = (await onDisk()).length;
    for (let now = count; now < count + 30 && child.exitCode === null; now = (await onDisk()).length) {
      await sleep(5);
    }
    child.kill('SIGKILL');
    if ((await ended).code === null) killed += 1;
  }
  expect(killed).toBeGreaterThan(0);
  expect((await start('--to-local', '--verify').ended).code).toBe(0);
  expect(await folder.read()).toEqual(before);
});

test('Ctrl-C ends with nothing half done, says how to continue, and takes the parts of a large file back', async () => {
  await folder.write({ 'media/film.mp4': randomBytes(40 * MIB) });
  const { child, ended } = start('--bandwidth', '8');
  while ((await bucket.multipartUploads()).length === 0) {
    await sleep(20);
  }
  await sleep(300);
  child.kill('SIGINT');
  const { code, said } = await ended;
  expect([code, said]).toEqual([130, expect.stringContaining('Run the same command again')]);
  expect(await bucket.objects()).toEqual([]);
  expect(await bucket.multipartUploads()).toEqual([]);
});
