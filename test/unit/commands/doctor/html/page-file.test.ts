import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { START_OF_PAGE } from '../../../../../src/commands/doctor/html/page';
import { PageFile } from '../../../../../src/commands/doctor/html/page-file';
import { isRoot } from '../../../../../src/shell/owner-rights';

const NOBODY = 65534;
const PAGE = `${START_OF_PAGE}<p>Everything works</p>`;

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'page-'));
  file = path.join(folder, 'doctor.html');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a page is written, and replaces a page or an empty file', () => {
  writeFileSync(file, '');
  new PageFile(file).write(`${PAGE}1`);
  new PageFile(file).write(`${PAGE}2`);
  expect(readFileSync(file, 'utf8')).toBe(`${PAGE}2`);
  expect(readdirSync(folder)).toEqual(['doctor.html']);
});

test('a file that appeared while the checks ran is not replaced', () => {
  const page = new PageFile(file);
  writeFileSync(file, 'my notes');
  expect(() => page.write(PAGE)).toThrow(/a file that this command has not written/);
  expect(readFileSync(file, 'utf8')).toBe('my notes');
  expect(readdirSync(folder)).toEqual(['doctor.html']);
});

(isRoot() ? describe : describe.skip)('as root, in a folder of another user', () => {
  beforeEach(() => {
    chmodSync(folder, 0o755);
    lchownSync(folder, NOBODY, NOBODY);
  });

  test('the page belongs to that user', () => {
    new PageFile(file).write(PAGE);
    expect(statSync(file)).toMatchObject({ uid: NOBODY, gid: NOBODY });
  });

  test('no link that this user puts in the way is followed', () => {
    const ofRoot = mkdtempSync(path.join(tmpdir(), 'of-root-'));
    const target = path.join(ofRoot, 'made.html');
    const page = new PageFile(file);
    symlinkSync(target, file);
    expect(() => page.write(PAGE)).toThrow(/is a link/);
    expect(existsSync(target)).toBe(false);
    rmSync(ofRoot, { recursive: true });
  });

  test('no page is written where that user may not write', () => {
    const ofRoot = mkdtempSync(path.join(tmpdir(), 'of-root-'));
    const page = new PageFile(file);
    rmSync(folder, { recursive: true });
    symlinkSync(ofRoot, folder);
    lchownSync(folder, NOBODY, NOBODY);
    expect(() => page.write(PAGE)).toThrow(/cannot be written \(EACCES\)/);
    expect(readdirSync(ofRoot)).toEqual([]);
    rmSync(folder);
    rmSync(ofRoot, { recursive: true });
    folder = mkdtempSync(path.join(tmpdir(), 'page-'));
  });
});
