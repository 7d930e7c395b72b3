import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FeatureDisk } from '../../../src/ghost-site/feature-disk';
import { filesBelow } from '../../../src/ghost-site/local-files';
import { isRoot } from '../../../src/shell/owner-rights';
import { compareKeys } from '../../../src/core/key-order';
import { compareUtf8 } from '../../support/in-memory-s3/utf8-order';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'local-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function found(isLeftOut?: (folder: string) => boolean): Promise<string[]> {
  const paths: string[] = [];
  for await (const batch of filesBelow(new FeatureDisk(folder, [], { uid: 0, gid: 0 }), isLeftOut)) {
    paths.push(...batch.filter(({ kind }) => kind === 'file').map((entry) => entry.path));
  }
  return paths;
}

test('files come in the order in which S3 lists their keys', async () => {
  const names = [
    'a/b',
    'a.jpg',
    'a-b/c',
    'a/b.d/e',
    'a/b-d',
    'ab',
    'B',
    'ä',
    'z',
    '\ufb01',
    '🌋',
    '🌋/x',
    '𝒜',
    'a/~',
    'a/ä/ö',
  ];
  const files = names.map((name) => (names.some((other) => other.startsWith(`${name}/`)) ? `${name}_` : name));
  for (const name of files) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), '');
  }
  expect(await found()).toEqual([...files].sort(compareUtf8));
});

test('a folder with more files than are read together is complete, with its subfolders in between', async () => {
  const names = Array.from({ length: 700 }, (_, index) => (index % 100 === 50 ? `${index}/x` : String(index)));
  for (const name of names) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), '');
  }
  expect(await found()).toEqual([...names].sort());
  expect(await found((name) => name === '50/')).toEqual(names.filter((name) => name !== '50/x').sort());
});

test('keys are compared by their bytes', () => {
  const keys = ['a', 'a/', 'b', '', '\ufb01', '🌋', '\uffff', '𝒜', 'é'];
  for (const one of keys) {
    for (const other of keys) {
      expect(Math.sign(compareKeys(one, other))).toBe(Math.sign(compareUtf8(one, other)));
    }
  }
});

(isRoot() ? test : test.skip)('a command to copy runs nothing that is in the name of a file', () => {
  const disk = new FeatureDisk('/content/images', [], { uid: 4711, gid: 4711 });
  const error = Object.assign(new Error('EACCES'), { code: 'EACCES' });
  expect(disk.cureFor(error, "/content/images/a'; touch pwned; echo '.jpg")).toContain(
    String.raw`sudo chown -h 4711 '/content/images/a'\''; touch pwned; echo '\''.jpg'`,
  );
});
