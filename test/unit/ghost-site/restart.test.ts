import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ComposeGhost } from '../../../src/ghost-site/compose/compose-ghost';
import { logLine, restartLine, restartOf, unknownVariables } from '../../../src/ghost-site/restart';
import { findGhostSite } from '../../../src/ghost-site/site';
import { isRoot } from '../../../src/shell/owner-rights';
import { NOBODY } from '../../support/install/attacker';

const testAsRoot = isRoot() ? test : test.skip;

const former = process.cwd();
const variables = { ...process.env };
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
  process.env = { ...variables };
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

  test.each<[string, string, string, string[]]>([
    ['a variable without value', 'database__connection__password: $DB_PASSWORD', '', ['DB_PASSWORD']],
    ['one in braces', 'database__connection__password: "${DB_PASSWORD}"', '', ['DB_PASSWORD']],
    ['one in a default', 'url: "${URL:-https://$HOST}"', '', ['HOST']],
    ['a variable that is passed on', 'DB_PASSWORD:', '', ['DB_PASSWORD']],
    [
      'a variable in the env file',
      'A: b',
      'database__connection__password="${DB_PASSWORD}"\nTOKEN\n',
      ['DB_PASSWORD', 'TOKEN'],
    ],
    ['defaults', 'A: "${A:-}${B-}${C:+c}$$D"', '', []],
    ['variables of .env', 'A: "$SET ${SET:?}"', 'B=$SET\nC=$B\n', []],
  ])('not without the user by a Compose file with %s', (_, variable, env, unset) => {
    writeFileSync(path.join(folder, '.env'), 'SET=x\n');
    writeFileSync(path.join(folder, 'ghost.env'), env);
    writeFileSync(
      path.join(folder, 'compose.yml'),
      `services:\n  ghost:\n    image: ghost:6\n    env_file: ghost.env\n    environment:\n      ${variable}\n`,
    );
    const site = findGhostSite({ ghost: folder }, {});
    expect(restartOf(site) === undefined).toBe(unset.length > 0);
    const remark = unset.length > 0 ? `   (as you usually start it, with values for ${unset.join(', ')})` : '';
    expect(restartLine(site)).toBe(`cd ${folder} && docker compose up -d --force-recreate ghost${remark}`);
  });

  test('not without the user where it would recreate a database without its values', () => {
    writeFileSync(
      path.join(folder, 'compose.yml'),
      `services:
  ghost: {image: "ghost:6", depends_on: {db: {condition: service_healthy}}}
  db: {image: mysql, depends_on: [volume], environment: ["MYSQL_PASSWORD=$DB_PASSWORD"]}
  volume: {image: busybox, ports: ["\${PORT:?}:80"]}
  other: {image: caddy, environment: {DOMAIN: $DOMAIN}}
`,
    );
    expect(unknownVariables(findGhostSite({ ghost: folder }, {}))).toEqual(['DB_PASSWORD', 'PORT']);
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

describe('the log is shown', () => {
  const log = (compose?: ComposeGhost) => logLine({ folder, compose }, [units]);

  test('by Docker Compose, in its folder', () => {
    const compose = { name: 'blog' } as ComposeGhost;
    expect(log(compose)).toBe(`cd ${folder} && docker compose logs blog`);
    process.chdir(folder);
    expect(log(compose)).toBe('docker compose logs blog');
  });

  test('by Docker Compose where its file alone is there', () => {
    writeFileSync(path.join(folder, 'compose.yml'), 'services:\n  ghost:\n    image: ghost:6\n');
    expect(log()).toBe(`cd ${folder} && docker compose logs ghost`);
  });

  test('by Ghost-CLI, in its folder', () => {
    writeUnit('ghost_blog-example-com.service', folder);
    writeFileSync(path.join(folder, '.ghost-cli'), '{}');
    expect(log()).toBe(`cd ${folder} && ghost log`);
    process.chdir(folder);
    expect(log()).toBe('ghost log');
  });

  test('by systemd, which shows it to root', () => {
    writeUnit('ghost.service', folder);
    expect(log()).toBe(`${isRoot() ? '' : 'sudo '}journalctl -u ghost`);
  });

  test('by no command that this installation does not have', () => {
    expect(log()).toBe("the output of Ghost's process");
    process.env.GHOST_INSTALL = '/var/lib/ghost';
    expect(log()).toBe('docker compose logs ghost');
  });
});
