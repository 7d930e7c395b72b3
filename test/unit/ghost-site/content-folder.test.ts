import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isContentFolder, meantContentFolder } from '../../../src/ghost-site/content-folder';

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'content-folder-')));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (name: string) => path.join(root, name);

async function createFolders(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(at(name), { recursive: true });
  }
}

test('the content folder of a new blog is recognized, whatever created it', async () => {
  await createFolders('cli/data', 'cli/images', 'cli/themes', 'cli/settings', 'docker/media', 'docker/files');
  expect(['cli', 'docker'].map((name) => isContentFolder(at(name)))).toEqual([true, true]);
});

test('other folders are not taken for a content folder', async () => {
  await createFolders('empty', 'site/data/ghost', 'site/logs', 'web/public', 'web/images');
  expect(['empty', 'site', 'web', 'absent'].map((name) => isContentFolder(at(name)))).toEqual(Array(4).fill(false));
});

test.each([
  ['content/images', 'content', "Ghost's images folder"],
  ['content/media', 'content', "Ghost's media folder"],
  ['content/files', 'content', "Ghost's files folder"],
  ['content/images/size', 'content', "a folder in Ghost's images folder"],
  ['content/images/2026/11', 'content', "a folder in Ghost's images folder"],
  ['content/themes/casper', 'content', "a folder in Ghost's themes folder"],
  ['', 'content', "the folder of Ghost's installation"],
  ['versions/6.65.0', 'content', "the folder of Ghost's code"],
  ['current', 'content', "the folder of Ghost's code"],
])('for %j, the content folder is found', async (name, folder, named) => {
  await createFolders(
    'content/images/2026/11',
    'content/images/size',
    'content/media',
    'content/files',
    'content/themes/casper',
    'versions/6.65.0/content/images',
    'versions/6.65.0/content/themes',
    'current/content/images',
    'current/content/themes',
  );
  expect(meantContentFolder(path.join(root, name))).toEqual({ folder: at(folder), named });
});

test('the content folder of a Ghost in Docker is found in its site directory', async () => {
  await createFolders('data/ghost/images', 'data/ghost/themes', 'data/mysql');
  expect(meantContentFolder(root)?.folder).toBe(at('data/ghost'));
});

test('a content folder itself, and a folder with no Ghost near it, are left as they are', async () => {
  await createFolders('content/images', 'content/themes', 'elsewhere/backup');
  expect(meantContentFolder(at('content'))).toBeUndefined();
  expect(meantContentFolder(at('elsewhere/backup'))).toBeUndefined();
  expect(meantContentFolder(at('elsewhere/absent'))).toBeUndefined();
});
