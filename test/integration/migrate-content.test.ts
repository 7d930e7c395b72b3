import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createProgram } from '../../src/commands/program';
import { openCommandLine } from '../support/command-line';
import { createContentFolder, runCommand, useContentFolder } from '../support/migrate/command';
import { useBucket } from '../support/use-bucket';

const bucket = useBucket({ inMemory: true });
const folder = useContentFolder(bucket);

const inContent = (name: string) => path.join(folder.content, name);
const site = () => path.dirname(folder.content);

async function createFolders(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(inContent(name), { recursive: true });
  }
}

/** What Ghost itself creates when it starts for the first time. */
const NEW_BLOG = ['data', 'files', 'images', 'logs', 'media', 'public', 'settings', 'themes/casper'];

describe('migrate', () => {
  test.each([{}, { dryRun: true }, { json: false }, { skipSizes: true }])(
    'has nothing to move yet for a new blog, and ends well: %j',
    async (options) => {
      await createFolders(...NEW_BLOG);
      await writeFile(inContent('images/.DS_Store'), 'x');
      const { exitCode, error, said, result } = await runCommand(folder, options);
      expect([exitCode, error]).toEqual([0, undefined]);
      if (options.json === false) {
        expect(said).toContain('There are no files to copy yet');
        expect(said).not.toContain('✔');
      } else {
        expect(result).toMatchObject({ files: 0, complete: true });
      }
    },
  );

  test.each([
    ['images', "Ghost's images folder"],
    ['media', "Ghost's media folder"],
    ['files', "Ghost's files folder"],
    ['images/size', "a folder in Ghost's images folder"],
    ['images/2026/11', "a folder in Ghost's images folder"],
    ['..', "the folder of Ghost's installation"],
  ])('refuses %s for the content folder, and names the right one', async (name, named) => {
    await createFolders(...NEW_BLOG, 'images/size/w600');
    await folder.write({ 'images/2026/11/a.jpg': 'a', 'media/b.mp4': 'b' });
    for (const options of [{}, { dryRun: true }, { json: false }, { toLocal: true }]) {
      const { exitCode, error } = await runCommand(folder, { ...options, content: inContent(name) });
      expect([exitCode, error?.message, error?.cure]).toEqual([
        1,
        expect.stringContaining(`is ${named}, not its content folder (--content)`),
        expect.stringContaining(`--content ${folder.content}`),
      ]);
    }
    expect(await bucket.keys()).toEqual([]);
  });

  test.each([[[]], [['images']], [['data', 'logs']]])(
    'refuses a folder that is not that of a blog, and does not call it done: %j',
    async (names) => {
      await createFolders(...names);
      const { exitCode, error } = await runCommand(folder);
      expect([exitCode, error?.message, error?.cure]).toEqual([
        1,
        expect.stringContaining(`${folder.content} does not look like Ghost's content folder`),
        expect.stringContaining('--content /var/www/ghost/content'),
      ]);
    },
  );

  test('says that the configuration names the wrong folder', async () => {
    const wrong = path.join(site(), 'wrong');
    await mkdir(wrong);
    const config = JSON.parse(await readFile(folder.config, 'utf8')) as object;
    await writeFile(folder.config, JSON.stringify({ ...config, paths: { contentPath: wrong } }));
    const { error } = await runCommand(folder, { content: undefined });
    expect(error?.message).toContain(`(paths.contentPath in ${folder.config})`);
  });

  test('moves what is there, also where it is all that a folder has', async () => {
    await folder.write({ 'media/b.mp4': 'b' });
    expect((await runCommand(folder)).exitCode).toBe(0);
    expect(await bucket.keys()).toEqual(['content/media/b.mp4']);
  });
});

describe('migrate --to-local', () => {
  test.each([{}, { json: false }, { dryRun: true }])('does not call an empty bucket done: %j', async (options) => {
    await createFolders(...NEW_BLOG);
    const { exitCode, error } = await runCommand(folder, { ...options, toLocal: true });
    expect([exitCode, error?.message]).toEqual([
      1,
      expect.stringContaining(
        `The bucket ${bucket.name} has no files in content/images/, content/media/, content/files/`,
      ),
    ]);
    expect(error?.cure).toContain(`"bucket" and "tenantPrefix" in ${folder.config}`);
  });

  test('names the prefix under which the bucket has the files of a blog', async () => {
    await bucket.put('blog7/content/images/a.jpg', 'a');
    expect((await runCommand(folder, { toLocal: true })).error?.cure).toContain('--tenant-prefix blog7');
    const other = await createContentFolder(bucket.options({ tenantPrefix: 'blog8' }));
    expect((await runCommand(other, { toLocal: true })).error?.cure).toContain('--tenant-prefix blog7');
    await bucket.put('content/images/a.jpg', 'a');
    await other.remove();
  });

  test('says that the bucket has no prefix where the configuration has one', async () => {
    await bucket.put('content/images/a.jpg', 'a');
    const other = await createContentFolder(bucket.options({ tenantPrefix: 'blog8' }));
    expect((await runCommand(other, { toLocal: true })).error?.cure).toContain('Remove "tenantPrefix"');
    await other.remove();
  });

  test('brings files to any other folder, a backup for example', async () => {
    await bucket.put('content/images/a.jpg', 'a');
    const backup = path.join(site(), 'backup');
    await mkdir(backup);
    expect((await runCommand(folder, { toLocal: true, content: backup })).exitCode).toBe(0);
    expect(await readdir(path.join(backup, 'images'))).toEqual(['a.jpg']);
  });
});

describe('what comes next', () => {
  test('is to check everything where Ghost uses the bucket, and to install the adapter where it does not', async () => {
    await folder.write({ 'images/a.jpg': 'a' });
    const active = await runCommand(folder, { json: false });
    expect(active.said).toMatch(new RegExp(`Next:\n  .*doctor --config ${folder.config}`));
    const { storage } = JSON.parse(await readFile(folder.config, 'utf8')) as { storage: Record<string, unknown> };
    const { S3CloudFrontStorage } = storage;
    await writeFile(folder.config, JSON.stringify({ storage: { S3CloudFrontStorage } }));
    const { said } = await runCommand(folder, { json: false });
    expect(said).toMatch(new RegExp(`Next:\n  .*install --config ${folder.config}`));
    for (const options of [{ dryRun: true }, { toLocal: true }]) {
      expect((await runCommand(folder, { json: false, ...options })).said).not.toContain('Next:');
    }
  });

  test('repeats the options that name the bucket', async () => {
    await folder.write({ 'images/a.jpg': 'a' });
    const { said } = await runCommand(folder, { json: false, cdnUrl: 'https://other.example.com' });
    expect(said).toContain('--cdn-url https://other.example.com');
  });
});

test('a key in the environment is for other runs, and one on the command line is refused where it is not used', async () => {
  const line = openCommandLine();
  try {
    await folder.write({ 'images/a.jpg': 'a' });
    process.env.GHOST_ADMIN_API_KEY = 'a:b';
    const parameters = ['migrate', '--config', folder.config, '--content', folder.content];
    const run = (...more: string[]) => createProgram().parseAsync([...parameters, ...more], { from: 'user' });
    await run();
    expect(line.written.stdout).toContain('✔ Everything is in the bucket: 1 file');
    await expect(run('--admin-key', 'a:b')).rejects.toThrow('--admin-key can only be used with --from-url');
  } finally {
    line.close();
  }
});
