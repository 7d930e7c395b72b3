import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ComposeGhost } from '../../../src/ghost-site/compose/compose-ghost';
import { logLine, restartLine, restartOf } from '../../../src/ghost-site/restart';
import { isRoot } from '../../../src/shell/owner-rights';
import { NOBODY } from '../../support/install/attacker';

const testAsRoot = isRoot() ? test : test.skip;

const former = process.cwd();
let folder: string;
let units: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'restart-')));
  units = path.join(folder, 'units');
  mkdirSync(units);
});
afterEach(() => {
  jest.restoreAllMocks();
  process.chdir(former);
  rmSync(folder, { recursive: true });
});

const restart = () => restartOf({ folder }, [path.join(folder, 'missing'), units]);

/** Writes a unit, as Ghost-CLI does. */
const writeUnit = (name: string, workingDirectory: string) =>
  writeFileSync(path.join(units, name), `[Service]\nType=simple\nWorkingDirectory=${workingDirectory}\nUser=998\n`);

describe('how an installation of Ghost is restarted', () => {
  test('by Ghost-CLI, also where it has made a unit', () => {
    writeFileSync(path.join(folder, '.ghost-cli'), '{}');
    writeUnit('ghost_blog-example-com.service', folder);
    expect(restart()).toEqual({ command: ['ghost', 'restart'], cwd: folder, as: 'self' });
    expect(restartLine({ folder })).toBe(`cd ${folder} && ghost restart`);
  });

  testAsRoot('by Ghost-CLI as the owner of the folder, as it refuses root', () => {
    writeFileSync(path.join(folder, '.ghost-cli'), '{}');
    chownSync(folder, NOBODY.uid, NOBODY.gid);
    expect(restart()?.as).toMatchObject(NOBODY);
  });

  test('by the unit of systemd that starts it, and no other', () => {
    writeUnit('ghost_other-example-com.service', units);
    writeUnit('nginx.service', folder);
    expect(restart()).toBeUndefined();
    writeUnit('ghost_blog-example-com.service', folder);
    const command = ['systemctl', 'restart', 'ghost_blog-example-com'];
    jest.spyOn(process, 'geteuid').mockReturnValue(1000);
    expect(restart()).toEqual({ command, cwd: folder, as: 'root' });
    jest.spyOn(process, 'geteuid').mockReturnValue(0);
    expect(restart()).toEqual({ command, cwd: folder, as: 'self' });
  });

  test('by Docker Compose, which then also applies a changed environment', () => {
    writeFileSync(path.join(folder, 'compose.yml'), 'services:\n  ghost:\n    image: ghost:6\n');
    expect(restart()).toEqual({
      command: ['docker', 'compose', 'up', '-d', '--force-recreate', 'ghost'],
      cwd: folder,
      as: 'self',
    });
    expect(restartLine({ folder })).toBe(`cd ${folder} && docker compose up -d --force-recreate ghost`);
  });

  test.each(['services:\n  web: {}\n', '{', '', 'x'])('not by a Compose file without Ghost: %j', (text) => {
    writeFileSync(path.join(folder, 'compose.yml'), text);
    expect(restart()).toBeUndefined();
    expect(restartLine({ folder })).toBe('restart Ghost');
  });

  test('in its own folder without changing to it', () => {
    writeFileSync(path.join(folder, '.ghost-cli'), '{}');
    process.chdir(folder);
    expect(restartLine({ folder })).toBe('ghost restart');
  });
});

test('the log is shown by whatever runs Ghost', () => {
  const compose = { name: 'blog' } as ComposeGhost;
  expect(logLine({ folder, compose })).toBe('docker compose logs blog');
  writeUnit('ghost.service', folder);
  expect(logLine({ folder, compose: undefined }, [units])).toBe('journalctl -u ghost');
  writeFileSync(path.join(folder, '.ghost-cli'), '{}');
  expect(logLine({ folder, compose: undefined }, [units])).toBe('ghost log');
});
