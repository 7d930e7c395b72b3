import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { countFiles } from '../../../src/ghost-site/count-files';

let content: string;
beforeEach(async () => {
  content = await mkdtemp(path.join(tmpdir(), 'count-files-'));
});
afterEach(() => rm(content, { recursive: true, force: true }));

async function write(name: string, bytes: number): Promise<void> {
  const file = path.join(content, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, Buffer.alloc(bytes));
}

const NONE = { files: 0, bytes: 0 };

test('the files that migrate would upload are counted by feature, with their bytes', async () => {
  await write('images/2026/11/a.jpg', 1_000);
  await write('images/size/w600/2026/11/a.jpg', 100);
  await write('media/2026/film.mp4', 10);
  await write('images/activitypub/a.jpg', 5);
  await write('images/.hidden', 5);
  await write('media/half.tmp', 5);
  await write('data/ghost.db', 5);
  await write('themes/casper/logo.png', 5);
  expect(await countFiles({ contentPath: content })).toEqual({
    files: 3,
    bytes: 1_110,
    features: { images: { files: 2, bytes: 1_100 }, media: { files: 1, bytes: 10 }, files: NONE },
    isComplete: true,
  });
});

test('a content folder that is empty or does not exist has no files', async () => {
  const nothing = { ...NONE, features: { images: NONE, media: NONE, files: NONE }, isComplete: true };
  expect(await countFiles({ contentPath: content })).toEqual(nothing);
  expect(await countFiles({ contentPath: path.join(content, 'absent') })).toEqual(nothing);
});

test('links out of the content and folders that cannot be read are passed over', async () => {
  await write('images/a.jpg', 7);
  await write('data/ghost.db', 5);
  await symlink('../data/ghost.db', path.join(content, 'images/b.jpg'));
  await write('images/closed/c.jpg', 5);
  await chmod(path.join(content, 'images/closed'), 0);
  const { files } = await countFiles({ contentPath: content });
  await chmod(path.join(content, 'images/closed'), 0o755);
  // Root reads every folder.
  expect(files).toBe(process.getuid?.() === 0 ? 2 : 1);
});

test('counting ends when its time is up or it is stopped, and says so', async () => {
  for (let index = 0; index < 300; index += 1) {
    await write(`images/${index}.jpg`, 1);
  }
  const late = await countFiles({ contentPath: content }, { timeLimitMs: 0 });
  expect([late.isComplete, late.files]).toEqual([false, expect.any(Number)]);
  expect(late.files).toBeLessThan(300);
  const stopped = await countFiles({ contentPath: content }, { signal: AbortSignal.abort() });
  expect(stopped.isComplete).toBe(false);
  expect((await countFiles({ contentPath: content })).isComplete).toBe(true);
});
