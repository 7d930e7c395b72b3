import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { calledAs, ownCommand } from '../../../src/shell/called-as';
import { isRoot } from '../../../src/shell/owner-rights';
import { NOBODY } from '../../support/install/attacker';

const NAME = 'ghost-storage-s3-cloudfront';

const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'called-as-')));
afterAll(() => rmSync(root, { recursive: true }));

/** Installs a package with the program into a folder, as npm does, and returns the paths of the program. */
function installInto(folder: string) {
  const target = path.join(folder, 'node_modules', NAME, 'dist', 'cli.js');
  const script = path.join(folder, 'node_modules', '.bin', NAME);
  mkdirSync(path.dirname(target), { recursive: true });
  mkdirSync(path.dirname(script), { recursive: true });
  writeFileSync(target, '');
  symlinkSync(target, script);
  return { script, target };
}

describe('commands are printed as the program was called', () => {
  test('by npx, which has the package in its cache', () => {
    const { script } = installInto(path.join(root, '.npm', '_npx', '36cc3787466df304'));
    expect(calledAs(script, { PATH: path.dirname(script) })).toBe(`npx ${NAME}`);
  });

  test.each(['1.1.0', 'next'])('by npx with the version %s, which the next command needs as well', (version) => {
    const cache = path.join(root, '.npm', '_npx', version);
    const { script } = installInto(cache);
    const manifest = { dependencies: { [NAME]: '^1.1.0' }, _npx: { packages: [`${NAME}@${version}`] } };
    writeFileSync(path.join(cache, 'package.json'), JSON.stringify(manifest));
    expect(calledAs(script, {})).toBe(`npx ${NAME}@${version}`);
  });

  test('by npx from a file, whose place it does not keep', () => {
    const cache = path.join(root, '.npm', '_npx', 'file');
    const { script } = installInto(cache);
    writeFileSync(path.join(cache, 'package.json'), JSON.stringify({ _npx: { packages: ['./package.tgz'] } }));
    expect(calledAs(script, {})).toBe(`npx ${NAME}`);
  });

  test.each([{ npm_command: 'exec' }, { npm_command: 'run-script', npm_lifecycle_event: 'move' }])(
    'by npx or a script of a project that has the package: %o',
    (environment) => {
      const { script } = installInto(path.join(root, `project-${environment.npm_command}`));
      // npm puts the folder on the PATH, but only for what it runs.
      expect(calledAs(script, { ...environment, PATH: path.dirname(script) })).toBe(`npx ${NAME}`);
    },
  );

  test('by its name, after npm install --global', () => {
    const { target } = installInto(path.join(root, 'lib'));
    const bin = path.join(root, 'bin');
    mkdirSync(bin);
    const script = path.join(bin, NAME);
    symlinkSync(target, script);
    expect(calledAs(script, { PATH: `relative:/nowhere:${bin}` })).toBe(NAME);
    expect(calledAs(script, { PATH: '/nowhere' })).toBe(`node ${script}`);
  });

  test('as a file of a checkout, also within npm run, with a blank in its path', () => {
    const script = path.join(root, 'my checkout', 'dist', 'cli.js');
    expect(calledAs(script, { PATH: '/usr/bin' })).toBe(`node '${script}'`);
    expect(calledAs(script, { npm_command: 'run-script', npm_execpath: '/npm-cli.js' })).toBe(`node '${script}'`);
  });

  test('by npx, when another program calls its functions', () => {
    expect(calledAs('/srv/tools/deploy.js', {})).toBe(`npx ${NAME}`);
    expect(calledAs(undefined, {})).toBe(`npx ${NAME}`);
  });
});

describe('sudo is printed where a step needs it', () => {
  const environment = { ...process.env };
  const execPath = process.execPath;
  const user = (id: number) => jest.spyOn(process, 'geteuid').mockReturnValue(id);
  const config = path.join(root, 'config.production.json');

  afterEach(() => {
    jest.restoreAllMocks();
    process.env = { ...environment };
    process.execPath = execPath;
  });

  beforeEach(() => {
    delete process.env.SUDO_USER;
    process.execPath = '/usr/bin/node';
  });

  test('not for root itself, which a container has without sudo', () => {
    user(0);
    expect(ownCommand('install', { writes: ['/etc/config.json'] })).toBe(`npx ${NAME} install`);
  });

  test('for the user who ran this command with sudo', () => {
    user(0);
    process.env.SUDO_USER = 'ghost-mgr';
    expect(ownCommand('doctor')).toBe(`sudo npx ${NAME} doctor`);
  });

  test('with the PATH of the user, where Node is not where sudo looks', () => {
    user(0);
    process.env.SUDO_USER = 'ghost-mgr';
    process.execPath = '/home/ghost-mgr/.nvm/versions/node/v22.1.0/bin/node';
    expect(ownCommand('doctor')).toBe(`sudo env "PATH=$PATH" npx ${NAME} doctor`);
  });

  test('not where the user may write, also where a folder is still missing', () => {
    user(1000);
    writeFileSync(config, '{}');
    const needs = { reads: [config], writes: [config, path.join(root, 'adapters', 'storage')] };
    expect(ownCommand('install', needs)).toBe(`npx ${NAME} install`);
  });

  test('for a user who cannot read or write what the command needs', () => {
    const others = path.join(root, 'of-others');
    const secrets = path.join(others, 'config.production.json');
    mkdirSync(others);
    writeFileSync(secrets, '{}', { mode: 0o000 });
    chmodSync(others, 0o555);
    chmodSync(root, 0o755);
    const needs = [{}, { reads: [others] }, { reads: [secrets] }, { writes: [path.join(others, 'new', 'file')] }];
    const module = JSON.stringify(path.resolve(__dirname, '../../../src/shell/called-as'));
    const call = `console.log(${JSON.stringify(needs)}.map((need) => require(${module}).ownCommand('doctor', need)).join())`;
    // Root may do everything, and has to become another user for it.
    const { stdout } = spawnSync(process.execPath, ['-r', 'esbuild-register', '-e', call], {
      ...(isRoot() && NOBODY),
      env: { PATH: '/usr/bin' },
      encoding: 'utf8',
    });
    const sudo = stdout.includes('PATH=') ? 'sudo env "PATH=$PATH"' : 'sudo';
    const [plain, withSudo] = [`npx ${NAME} doctor`, `${sudo} npx ${NAME} doctor`];
    expect(stdout.trim().split(',')).toEqual([plain, plain, withSudo, withSudo]);
  });

  test('with the variables that the command needs, after sudo, which would drop them', () => {
    user(0);
    process.env.SUDO_USER = 'ghost-mgr';
    const needs = { environment: { paths__installedAdaptersPath: '/srv/my adapters' } };
    expect(ownCommand('install …', needs)).toBe(
      `sudo paths__installedAdaptersPath='/srv/my adapters' npx ${NAME} install …`,
    );
  });
});
