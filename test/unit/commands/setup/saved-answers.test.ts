import { spawn, spawnSync } from 'node:child_process';
import {
  mkdirSync,
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
import { openSavedAnswers } from '../../../../src/commands/setup/saved-answers';

let folder: string;
let site: string;
let environment: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'saved-answers-'));
  site = path.join(folder, 'ghost');
  mkdirSync(site);
  environment = { XDG_CONFIG_HOME: path.join(folder, 'config') };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (place = site) => openSavedAnswers(place, environment);
const places = () => path.join(folder, 'config/ghost-storage-s3-cloudfront');

/** Returns the path of a file that belongs to the site. */
function fileOf(extension: string): string {
  open().save({ domain: 'images.example.com' });
  const name = readdirSync(places()).find((other) => other.endsWith('.json')) ?? '';
  return path.join(places(), name.replace(/\.json$/, extension));
}

/** Takes the lock as another process would, whose command line is known. */
function lockBy(...parameters: string[]) {
  const lock = fileOf('.lock');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', ...parameters], { stdio: 'ignore' });
  writeFileSync(lock, String(child.pid));
  return child;
}

describe('openSavedAnswers', () => {
  test('offers the answers of an earlier run, readable to their user only', () => {
    const first = open();
    expect(first.answers).toEqual({});
    first.save({ domain: 'images.example.com', region: 'eu-west-1', profile: 'my blog' });
    first.release();
    expect(open().answers).toEqual({ domain: 'images.example.com', region: 'eu-west-1', profile: 'my blog' });
    const [name = ''] = readdirSync(places()).filter((file) => file.endsWith('.json'));
    expect(statSync(path.join(places(), name)).mode & 0o077).toBe(0);
  });

  test('knows a site by each of its names', () => {
    open().save({ domain: 'images.example.com' });
    symlinkSync(site, path.join(folder, 'link'));
    expect(open(path.join(folder, 'link')).answers).toEqual({ domain: 'images.example.com' });
  });

  test('refuses a second setup while the first one runs, and names its process', () => {
    const other = lockBy('setup');
    try {
      expect(() => open()).toThrow(`Another setup is running for this Ghost (process ${other.pid}).`);
    } finally {
      other.kill();
    }
  });

  test('leaves the lock of another run, which took it in the meantime, when it ends', () => {
    const first = open();
    const lock = fileOf('.lock');
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid));
    writeFileSync(lock, '1');
    first.release();
    expect(readFileSync(lock, 'utf8')).toBe('1');
    expect(readdirSync(places()).filter((name) => !/\.(json|lock)$/.test(name))).toEqual([]);
  });

  test('starts after a setup that was killed, also when its number belongs to another program or to this one', () => {
    const lock = fileOf('.lock');
    writeFileSync(lock, String(spawnSync('true').pid));
    expect(() => open().release()).not.toThrow();
    writeFileSync(lock, String(process.pid));
    expect(() => open().release()).not.toThrow();
    const other = lockBy('serve');
    try {
      expect(() => open().release()).not.toThrow();
    } finally {
      other.kill();
    }
  });

  test('runs without saving where the configuration folder cannot be written, or its files are hostile', () => {
    writeFileSync(path.join(folder, 'file'), '');
    const unwritable = openSavedAnswers(site, { XDG_CONFIG_HOME: path.join(folder, 'file') });
    unwritable.save({ domain: 'images.example.com' });
    unwritable.release();
    expect(unwritable.answers).toEqual({});

    const lock = fileOf('.lock');
    rmSync(lock, { force: true });
    mkdirSync(path.join(lock, 'inside'), { recursive: true });
    expect(() => open().release()).not.toThrow();
    expect(spawnSync('mkfifo', [lock]).status).toBe(0);
    expect(() => open().release()).not.toThrow();
  });

  test.each([
    ['null', {}],
    ['not JSON', {}],
    [JSON.stringify({ domain: 5, region: '', profile: ['x'] }), {}],
    [JSON.stringify({ domain: 'images.example.com\u001b[2J', region: 'x'.repeat(300) }), {}],
    [JSON.stringify({ domain: 'images.example.com', more: 'x'.repeat(20_000) }), {}],
  ])('ignores a file of answers with %.40s', (text, answers) => {
    writeFileSync(fileOf('.json'), text);
    expect(open().answers).toEqual(answers);
  });
});
