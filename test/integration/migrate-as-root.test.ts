import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, linkSync } from 'node:fs';
import {
  chmod,
  lchown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand, useContentFolder } from '../support/migrate/command';
import { useBucket } from '../support/use-bucket';

/** The user who owns the content folder, and changes it while root runs the command. */
const NOBODY = 65534;

const ROUNDS = 20;

const bucket = useBucket({ inMemory: true });
let elsewhere: string;
let attacker: ChildProcess | undefined;
// Before the content folder is removed.
afterEach(async () => {
  if (attacker) {
    const ended = once(attacker, 'exit');
    attacker.kill('SIGKILL');
    await ended;
    attacker = undefined;
  }
  await rm(elsewhere, { recursive: true });
});
const folder = useContentFolder(bucket);

beforeEach(async () => {
  elsewhere = await mkdtemp(path.join(tmpdir(), 'of-root-'));
  await chmod(path.dirname(folder.content), 0o755);
  await chmod(elsewhere, 0o755);
});

const inContent = (name: string) => path.join(folder.content, name);

async function giveToNobody(): Promise<void> {
  const names = await readdir(folder.content, { recursive: true });
  await Promise.all(['', ...names].map((name) => lchown(inContent(name), NOBODY, NOBODY)));
}

/** Runs a loop as the owner of the content folder until the test ends. */
async function attack(loop: string): Promise<void> {
  const script = `const fs = require('node:fs');
    const quietly = (step) => { try { step(); } catch {} };
    process.send('ready');
    for (;;) { ${loop} }`;
  attacker = spawn(process.execPath, ['-e', script], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: folder.content,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(attacker, 'message');
}

const storedTexts = async () =>
  Promise.all((await bucket.keys()).map(async (key) => (await bucket.read(key)).bytes.toString()));

const isRoot = process.getuid?.() === 0;
// Only root can take on the rights of another user.
const asRoot = isRoot ? describe : describe.skip;

asRoot('migrate, run by root in a folder of another user', () => {
  test('stores no file of root for which a listed file is swapped by a link', async () => {
    const secret = path.join(elsewhere, 'secret');
    await writeFile(secret, 'only for root', { mode: 0o600 });
    const names = Array.from({ length: 40 }, (_, index) => `images/2026/${index}.jpg`);
    await folder.write(Object.fromEntries(names.map((name) => [name, 'picture'])));
    await giveToNobody();
    await attack(`for (const index of Array(40).keys()) {
      const name = 'images/2026/' + index + '.jpg';
      quietly(() => { fs.symlinkSync(${JSON.stringify(secret)}, name + '.tmp'); fs.renameSync(name + '.tmp', name); });
      quietly(() => { fs.writeFileSync(name + '.tmp', 'picture'); fs.renameSync(name + '.tmp', name); });
    }`);
    for (let round = 0; round < ROUNDS; round += 1) {
      await runCommand(folder);
      expect(await storedTexts()).not.toContain('only for root');
    }
  });

  test('stores no file of root for whose folder a listed folder is swapped by a link', async () => {
    await chmod(elsewhere, 0o700);
    await folder.write({ 'images/2026/a.jpg': 'picture' });
    await writeFile(path.join(elsewhere, 'a.jpg'), 'only for root');
    await giveToNobody();
    await attack(`quietly(() => fs.renameSync('images/2026', 'images/.kept'));
      quietly(() => fs.symlinkSync(${JSON.stringify(elsewhere)}, 'images/2026'));
      quietly(() => fs.unlinkSync('images/2026'));
      quietly(() => fs.renameSync('images/.kept', 'images/2026'));`);
    for (let round = 0; round < ROUNDS; round += 1) {
      await runCommand(folder);
      expect(await storedTexts()).not.toContain('only for root');
    }
  });

  test('refuses what the owner cannot read, hard links to it among them, and names the fix', async () => {
    await folder.write({
      'images/a.jpg': 'picture',
      'images/root.jpg': 'only for root',
      'images/closed/b.jpg': 'closed',
    });
    await writeFile(path.join(elsewhere, 'secret'), 'only for root', { mode: 0o600 });
    await giveToNobody();
    linkSync(path.join(elsewhere, 'secret'), inContent('images/linked.jpg'));
    for (const [name, mode] of [
      ['images/root.jpg', 0o600],
      ['images/closed', 0o700],
    ] as const) {
      chownSync(inContent(name), 0, 0);
      chmodSync(inContent(name), mode);
    }
    const { exitCode, lines } = await runCommand(folder);
    expect([exitCode, await storedTexts()]).toEqual([1, ['picture']]);
    const errors = lines.map(({ error = '' }) => error).filter(Boolean);
    expect(errors).toHaveLength(3);
    errors.forEach((error) => expect(error).toMatch(/EACCES.*user 65534.*sudo chown -h 65534/));
  });

  test('is not led to a folder of root by content/images as a link', async () => {
    await writeFile(path.join(elsewhere, 'a.jpg'), 'of root');
    await symlink(elsewhere, inContent('images'));
    await giveToNobody();
    const { error } = await runCommand(folder);
    expect([error?.message, await bucket.keys()]).toEqual([
      expect.stringContaining('is a link owned by the user 65534'),
      [],
    ]);
  });

  test.each([{}, { toLocal: true }])(
    'is not led to a folder of root by a configuration that another user can write: %j',
    async (options) => {
      await mkdir(path.join(elsewhere, 'images'));
      await writeFile(path.join(elsewhere, 'images/a.jpg'), 'of root');
      await bucket.put('content/images/b.jpg', 'picture');
      await giveToNobody();
      const config = JSON.parse(await readFile(folder.config, 'utf8')) as object;
      await writeFile(folder.config, JSON.stringify({ ...config, paths: { contentPath: elsewhere } }));
      await lchown(folder.config, NOBODY, NOBODY);
      const { error } = await runCommand(folder, { ...options, content: undefined });
      expect(error?.message).toContain(`It names ${elsewhere}, which belongs to the user`);
      expect(error?.cure).toContain(`--content ${elsewhere}`);
      expect([await bucket.keys(), await readdir(path.join(elsewhere, 'images'))]).toEqual([
        ['content/images/b.jpg'],
        ['a.jpg'],
      ]);
      // A folder that the user names with `--content` is used.
      expect((await runCommand(folder, { ...options, content: elsewhere })).exitCode).toBe(0);
    },
  );

  test('--to-local writes nothing outside of content while a folder is swapped for a link', async () => {
    // Even where the owner could write.
    chownSync(elsewhere, NOBODY, NOBODY);
    await mkdir(inContent('images'));
    await giveToNobody();
    for (let index = 0; index < 60; index += 1) {
      await bucket.put(`content/images/2026/${index}.jpg`, 'picture');
    }
    await attack(`quietly(() => fs.renameSync('images/2026', 'images/.' + process.hrtime.bigint()));
      quietly(() => fs.symlinkSync(${JSON.stringify(elsewhere)}, 'images/2026'));
      quietly(() => fs.unlinkSync('images/2026'));`);
    for (let round = 0; round < ROUNDS; round += 1) {
      await runCommand(folder, { toLocal: true });
      expect(await readdir(elsewhere)).toEqual([]);
    }
  });

  test('--to-local gives the files to the owner, and never through a link', async () => {
    await giveToNobody();
    await bucket.put('content/images/2026/a.jpg', 'picture');
    expect((await runCommand(folder, { toLocal: true })).exitCode).toBe(0);
    for (const name of ['images', 'images/2026', 'images/2026/a.jpg']) {
      const { uid, gid } = await stat(inContent(name));
      expect([name, uid, gid]).toEqual([name, NOBODY, NOBODY]);
    }
  });

  test('writes no report through a link, nor into a file with a second name, in a folder of another user', async () => {
    const target = path.join(elsewhere, 'target');
    await writeFile(target, 'of root');
    await folder.write({ 'images/a.jpg': 'picture' });
    await giveToNobody();
    const link = inContent('report.jsonl');
    await symlink(target, link);
    expect((await runCommand(folder, { report: link })).error?.message).toContain('cannot be written (ELOOP)');
    await rename(link, inContent('old.jsonl'));
    linkSync(target, link);
    expect((await runCommand(folder, { report: link })).error?.message).toContain('cannot be written (EACCES)');
    chmodSync(target, 0o666);
    expect((await runCommand(folder, { report: link })).error?.message).toContain('several names');
    expect(await readFile(target, 'utf8')).toBe('of root');
    await rm(link);
    expect((await runCommand(folder, { report: link })).exitCode).toBe(0);
    expect((await stat(link)).uid).toBe(NOBODY);
  });
});
