import { lchownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ChosenFile } from '../../../../src/commands/upload/chosen-file';
import { isRoot } from '../../../../src/shell/owner-rights';

const asRoot = isRoot() ? test : test.skip;
/** Any user but root. */
const OTHER = 12_345;

let folder: string;
let secret: string;
let link: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'chosen-'));
  secret = path.join(folder, 'secret');
  link = path.join(folder, 'link');
  writeFileSync(secret, 'secret');
  symlinkSync(secret, link);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a link of one’s own is followed', () => {
  const file = ChosenFile.open(link);
  expect(file.bytes).toBe('secret'.length);
  file.close();
});

asRoot('root publishes nothing that a link of another user leads to', () => {
  lchownSync(link, OTHER, OTHER);
  expect(() => ChosenFile.open(link)).toThrow(`${link} is a link owned by the user ${OTHER}`);
});
