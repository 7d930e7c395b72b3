import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AdapterPlace, assertWritableFolder } from '../../../../src/commands/install/adapter-place';
import type { Failure } from '../../../../src/shell/failure';
import {
  assertConfigFile,
  assertNodeVersion,
  assertNotInVolume,
  isLostWithContainer,
  supportedMajor,
} from '../../../../src/commands/install/preconditions';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'preconditions-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Message and fix. */
function refusal(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    const { message, cure } = error as Failure;
    return `${message}\n${cure}`;
  }
  throw new Error('It was not refused.');
}

describe('a Ghost', () => {
  test.each([
    ['6.65.0', 6],
    ['5.130.0', 5],
    [undefined, undefined],
  ])('of version %s is taken', (version, major) => expect(supportedMajor({ version })).toBe(major));

  test.each(['5.129.2', '4.48.9'])('of version %s is refused, with the way to a newer one', (version) => {
    expect(refusal(() => supportedMajor({ version }))).toMatch(/5\.130 or newer[^]*ghost update/);
  });

  test('that runs with a Node before 20 is refused', () => {
    expect(refusal(() => assertNodeVersion('v18.20.4', '/usr/bin/node'))).toContain('/usr/bin/node');
    expect(() => assertNodeVersion('v20.0.0', 'node')).not.toThrow();
  });
});

describe('the configuration file', () => {
  const site = (name = 'config.production.json') => ({ folder, configFile: path.join(folder, name) });

  test('of another environment is found, and named', () => {
    writeFileSync(path.join(folder, 'config.development.json'), '{}');
    expect(refusal(() => assertConfigFile(site()))).toMatch(
      /contains config.development.json[^]*--config .*development/,
    );
  });

  test('that is not there at all is asked for', () => {
    expect(refusal(() => assertConfigFile(site()))).toMatch(/does not exist[^]*--config[^]*--print/);
  });

  test('that Ghost does not read is told from the one it runs with, but for a user who names it', () => {
    writeFileSync(path.join(folder, 'config.production.json'), '{}');
    writeFileSync(path.join(folder, '.ghost-cli'), '{"running":"development"}');
    expect(refusal(() => assertConfigFile(site()))).toMatch(/environment "development"[^]*config\.development\.json/);
    expect(() => assertConfigFile(site(), 'config.production.json')).not.toThrow();
    writeFileSync(path.join(folder, '.ghost-cli'), '{"running":null}');
    expect(() => assertConfigFile(site())).not.toThrow();
  });
});

describe('the folder of the adapter', () => {
  const somebody = () => ({ ...statSync(folder), uid: 4711, gid: 4711 });
  const target = (base = folder): AdapterPlace => ({
    base,
    folder: path.join(base, 'adapters', 'storage', 'S3CloudFrontStorage'),
    owner: statSync(folder),
  });

  test('may be missing with everything on the way to it', () => {
    expect(() => assertWritableFolder(target(), folder, statSync(folder))).not.toThrow();
  });

  const onUnix = process.platform === 'win32' ? test.skip : test;
  onUnix('is not put where Ghost cannot read: the fix gives it to Ghost', () => {
    mkdirSync(path.join(folder, 'adapters'));
    chmodSync(folder, 0o755);
    chmodSync(path.join(folder, 'adapters'), 0o700);
    expect(refusal(() => assertWritableFolder(target(), folder, somebody()))).toMatch(
      /cannot read \S*adapters[^]*sudo chown -hR --reference=/,
    );
    chmodSync(path.join(folder, 'adapters'), 0o755);
    expect(() => assertWritableFolder(target(), folder, somebody())).not.toThrow();
  });

  onUnix('is not put where no user can write', () => {
    // Not even root may, in /proc.
    expect(refusal(() => assertWritableFolder(target('/proc/1/x'), '/proc', somebody()))).toMatch(
      /cannot write there|cannot be written|cannot read/,
    );
  });
});

describe('in an image of Docker', () => {
  const environment = { GHOST_INSTALL: '/var/lib/ghost', GHOST_CONTENT: '/var/lib/ghost/content' };
  const target = '/var/lib/ghost/content/adapters/storage/S3CloudFrontStorage';
  const root = '600 500 0:50 / / rw,relatime - overlay overlay rw\n601 600 0:51 / /proc rw - proc proc rw\n';
  const volume = `${root}602 600 8:1 /volumes/ghost /var/lib/ghost/content rw,relatime - ext4 /dev/sda1 rw\n`;

  test('the volume that would hide the adapter is named, with the place next to it', () => {
    expect(refusal(() => assertNotInVolume(target, { environment, mounts: root }))).toMatch(
      /hide the adapter[^]*paths__installedAdaptersPath=\/var\/lib\/ghost\/adapters/,
    );
  });

  test('the adapter goes into the volume of a container that runs, and next to it while the image is built', () => {
    expect(() => assertNotInVolume(target, { environment, mounts: volume })).not.toThrow();
    const beside = '/var/lib/ghost/adapters/storage/S3CloudFrontStorage';
    expect(() => assertNotInVolume(beside, { environment, mounts: root })).not.toThrow();
    expect(() => assertNotInVolume('/var/www/ghost/content/x', { environment: {}, mounts: root })).not.toThrow();
  });

  test('a configuration file that is gone with the container is told from one that is mounted', () => {
    const file = '/var/lib/ghost/config.production.json';
    expect(isLostWithContainer(file, { environment, mounts: volume })).toBe(true);
    const mounted = `${volume}603 600 8:1 /srv/config.json ${file} rw - ext4 /dev/sda1 rw\n`;
    expect(isLostWithContainer(file, { environment, mounts: mounted })).toBe(false);
    expect(isLostWithContainer('/var/www/ghost/config.production.json', { environment: {}, mounts: '' })).toBe(false);
  });
});
