// What the commands say of files and folders that they may not use: the cause and the fix, never "Unexpected error".
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isRoot } from '../../src/shell/owner-rights';
import { NOBODY } from '../support/install/attacker';
import { environmentIn } from '../support/install/run';

const CLI = path.resolve(__dirname, '../../dist/cli.js');
const BLOCK = { bucket: 'blog-images', region: 'eu-central-1', cdnUrl: 'https://images.example.com' };

let ghost: string;
let configFile: string;
beforeEach(() => {
  ghost = realpathSync(mkdtempSync(path.join(tmpdir(), 'closed-')));
  chmodSync(ghost, 0o755);
  configFile = path.join(ghost, 'config.production.json');
  mkdirSync(path.join(ghost, 'content/images'), { recursive: true });
  const storage = { active: 'S3CloudFrontStorage', S3CloudFrontStorage: BLOCK };
  writeFileSync(configFile, JSON.stringify({ url: 'https://blog.example.com', storage }));
});
afterEach(() => {
  chmodSync(ghost, 0o755);
  rmSync(ghost, { recursive: true, force: true });
});

/** Runs a command as a user who is not root, as root may read everything. */
function run(parameters: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...parameters], {
    ...(isRoot() && NOBODY),
    cwd: '/',
    encoding: 'utf8',
    env: { ...environmentIn('/nowhere'), AWS_EC2_METADATA_DISABLED: 'true' },
  });
  return { status, said: `${stdout}${stderr}` };
}

/** The commands that read Ghost's configuration. */
const COMMANDS = {
  install: () => ['install', '--yes', '--skip-check', '--config', configFile],
  'install --print': () => ['install', '--print', '--config', configFile],
  'install --uninstall': () => ['install', '--uninstall', '--yes', '--config', configFile],
  migrate: () => ['migrate', '--config', configFile],
  'migrate --to-local': () => ['migrate', '--to-local', '--config', configFile],
  policy: () => ['policy', '--config', configFile],
  doctor: () => ['doctor', '--config', configFile],
  setup: () => ['setup', '--config', configFile],
  'provision --write-config': () => [
    'provision',
    ...['--domain', 'images.example.com', '--region', 'eu-central-1', '--no-ghost', '--write-config', configFile],
  ],
};
const each = Object.entries(COMMANDS);

test.each(each)('%s names a configuration that another user has closed, and who can read it', (_, parameters) => {
  chmodSync(configFile, 0o000);
  const { status, said } = run(parameters());
  expect([status, said]).toEqual([1, expect.stringContaining(configFile)]);
  expect(said).toMatch(/EACCES[^]*sudo/);
  expect(said).not.toMatch(/Unexpected error|there is no file/);
});

test.each(each)('%s does not take a closed folder for an empty one', (_, parameters) => {
  chmodSync(ghost, 0o000);
  const { status, said } = run(parameters());
  expect([status, said]).toEqual([1, expect.stringContaining(ghost)]);
  expect(said).toMatch(/EACCES[^]*sudo/);
  expect(said).not.toMatch(/Unexpected error|there is no file|does not exist/);
});

test.each(['install', 'migrate', 'migrate --to-local', 'setup'] as const)(
  '%s names a closed content folder',
  (name) => {
    const content = path.join(ghost, 'content');
    chmodSync(content, 0o000);
    const { status, said } = run(COMMANDS[name]());
    chmodSync(content, 0o755);
    expect([status, said]).toEqual([1, expect.stringContaining(content)]);
    expect(said).toMatch(/sudo|as the user/);
    expect(said).not.toMatch(/Unexpected error/);
  },
);

test('a Ghost folder that cannot be read is named by --ghost as well', () => {
  chmodSync(ghost, 0o000);
  const { status, said } = run(['doctor', '--ghost', ghost]);
  expect([status, said]).toEqual([1, expect.stringMatching(/EACCES[^]*sudo/)]);
  expect(said).not.toMatch(/is not a Ghost folder|Unexpected error/);
});

test.each([
  ['a folder', () => mkdirSync(configFile), /is a folder/],
  ['a link to itself', () => symlinkSync(configFile, configFile), /links/],
  ['a path through a file', () => writeFileSync((configFile += '-file'), ''), /there is no file/],
])('what is in the place of a configuration is named: %s', (kind, put, cause) => {
  rmSync(configFile);
  put();
  configFile = kind === 'a path through a file' ? path.join(configFile, 'config.production.json') : configFile;
  for (const parameters of [COMMANDS.install(), COMMANDS.policy()]) {
    const { status, said } = run(parameters);
    expect([status, said]).toEqual([1, expect.stringMatching(cause)]);
    expect(said).not.toMatch(/Unexpected error/);
  }
});
