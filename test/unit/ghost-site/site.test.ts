import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findGhostSite, type GhostSiteOptions, warningOfUntested } from '../../../src/ghost-site/site';

const startedIn = process.cwd();
let folder: string;
let site: string;
let code: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'ghost-site-')));
  site = path.join(folder, 'blog');
  code = path.join(site, 'versions/6.65.0');
  mkdirSync(path.join(site, 'content'), { recursive: true });
  mkdirSync(code, { recursive: true });
  writeFileSync(path.join(code, 'package.json'), JSON.stringify({ name: 'ghost', version: '6.65.0' }));
  symlinkSync(code, path.join(site, 'current'));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(startedIn);
  rmSync(folder, { recursive: true });
});

const find = (options: GhostSiteOptions, environment: NodeJS.ProcessEnv = {}) => findGhostSite(options, environment);

test('a blog of Ghost-CLI is found by its folder, with its version', () => {
  expect(find({ ghost: 'blog' })).toMatchObject({
    folder: site,
    configFile: path.join(site, 'config.production.json'),
    contentPath: path.join(site, 'content'),
    codeFolder: code,
    version: '6.65.0',
  });
});

test('a content folder is found from where the command is run', () => {
  expect(find({ content: 'blog/content' })).toMatchObject({ folder: site, contentPath: path.join(site, 'content') });
  mkdirSync(path.join(folder, 'elsewhere'));
  expect(find({ ghost: 'blog', content: 'elsewhere' }).contentPath).toBe(path.join(folder, 'elsewhere'));
});

test.each([
  ['../data/', (): string => path.join(site, 'versions/data')],
  ['./content', (): string => path.join(code, 'content')],
  ['content', (): string => path.join(site, 'content')],
  ['/srv/content', (): string => '/srv/content'],
])('a configured content path, %s, is where Ghost takes it to be', (contentPath, expected) => {
  writeFileSync(path.join(site, 'config.production.json'), JSON.stringify({ paths: { contentPath } }));
  expect(find({ ghost: 'blog' }).contentPath).toBe(expected());
});

test('the configuration is that of the environment that Ghost runs in', () => {
  expect(find({ ghost: 'blog' }, { NODE_ENV: 'development' }).configFile).toBe(
    path.join(site, 'config.development.json'),
  );
});

test.each([
  [{ ghost: 'content' }, /--ghost: .*content is not a Ghost folder/],
  [{ config: 'none.json' }, /--config: there is no file .*none\.json/],
  [{ content: 'blog/none' }, /--content: .*blog\/none does not exist/],
  [{ content: 'blog/current/package.json' }, /--content: .*package\.json is not a folder/],
])('what is not there is named: %j', (options, message) => {
  expect(() => find(options)).toThrow(message);
});

test.each([
  ['7.0.0', true],
  ['10.1.0', true],
  ['6.999.0', false],
  ['5.130.0', false],
  [undefined, false],
])('a Ghost that is newer than those that are tested is named: %s', (version, isNamed) => {
  expect(warningOfUntested(version)?.includes(`This is Ghost ${version}.`) ?? false).toBe(isNamed);
});
