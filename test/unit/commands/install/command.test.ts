import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
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
import { type Ended, environmentIn, runInstall } from '../../../support/install/run';

const root = path.resolve(__dirname, '../../../..');
const GIVEN = ['--bucket', 'blog-images', '--region', 'eu-central-1', '--cdn-url', 'https://images.example.com'];
const CONFIG =
  '{\n  "url": "https://blog.example.com",\n  "mail": { "options": { "auth": { "pass": "hidden" } } }\n}\n';

// Only root can give files to another user.
const isRoot = process.getuid?.() === 0;
const testAsRoot = isRoot ? test : test.skip;
const testOnUnix = process.platform === 'win32' ? test.skip : test;
const describeAsRoot = isRoot ? describe : describe.skip;

let folder: string;
let adapter: string;
let configFile: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'install-'));
  // Who Ghost runs as looks into it.
  chmodSync(folder, 0o755);
  adapter = path.join(folder, 'content/adapters/storage/S3CloudFrontStorage');
  configFile = path.join(folder, 'config.production.json');
  mkdirSync(path.join(folder, 'content'));
  writeFileSync(configFile, CONFIG, { mode: 0o644 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A Ghost as far as the loading of adapters looks into it. */
function layOutGhost(version: string): string {
  const code = path.join(folder, 'versions', version);
  mkdirSync(path.join(code, 'core/server/adapters/storage'), { recursive: true });
  mkdirSync(path.join(code, 'node_modules'));
  writeFileSync(path.join(code, 'package.json'), JSON.stringify({ name: 'ghost', version }));
  symlinkSync(code, path.join(folder, 'current'));
  return code;
}

/** Runs the command in this process. */
const run = (parameters: string[], env: Record<string, string> = {}) => runInstall(folder, parameters, env);

/** Runs the built command where no user can answer a question. */
function runBuilt(parameters: string[], user: { uid?: number; gid?: number } = {}): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'dist/cli.js'), ...parameters], {
    ...user,
    cwd: folder,
    encoding: 'utf8',
    env: environmentIn(folder),
  });
  return { status, stdout, stderr };
}

const install = (...parameters: string[]) => run(['--yes', ...parameters]);

/** Every file and folder below the site, with the text of the configuration. Links are not followed: one is to the package. */
const everything = () => [
  ...readdirSync(folder, { recursive: true, withFileTypes: true })
    .map(({ parentPath, name }) => path.join(parentPath, name))
    .sort(),
  readFileSync(configFile, 'utf8'),
];

describe('install', () => {
  test('brings what Ghost needs and nothing else, and the configuration, and says what to do next', async () => {
    layOutGhost('6.65.0');
    mkdirSync(path.join(folder, 'content/images/2026'), { recursive: true });
    const { status, stdout, stderr } = await install(...GIVEN);
    expect([status, stderr]).toEqual([0, '']);
    expect(readdirSync(adapter).sort()).toEqual(['LICENSE', 'dist', 'package.json']);
    expect(readdirSync(path.join(adapter, 'dist')).sort()).toEqual(['THIRD_PARTY_LICENSES.txt', 'index.js', 'lazy']);
    const manifest = JSON.parse(readFileSync(path.join(adapter, 'package.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({ name: 'ghost-storage-s3-cloudfront', main: 'dist/index.js' });
    expect(manifest).not.toHaveProperty('bin');
    expect(JSON.parse(readFileSync(configFile, 'utf8'))).toMatchObject({
      storage: { active: 'S3CloudFrontStorage', S3CloudFrontStorage: { bucket: 'blog-images' } },
      urls: { image: 'https://images.example.com' },
    });
    expect(stdout).toContain('+    "active": "S3CloudFrontStorage"');
    expect(stdout).toMatch(/Next:[^]*migrate[^]*restart[^]*migrate[^]*doctor/);
    expect(stdout).not.toContain('hidden');
  });

  test('changes nothing the second time', async () => {
    await install(...GIVEN);
    const before = everything();
    const { status, stdout } = await run([]);
    expect([status, stdout]).toEqual([0, expect.stringContaining('Nothing to change')]);
    expect(everything()).toEqual(before);
  });

  test('asks first, and says how to agree where no user can answer', () => {
    const before = everything();
    const { status, stderr } = runBuilt(['install', '--skip-check', ...GIVEN]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('--yes')]);
    expect(everything()).toEqual(before);
  });

  test('gives JSON to programs', async () => {
    const { stdout, stderr } = await install(...GIVEN, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      changed: true,
      adapter: { folder: adapter, version: expect.any(String) },
      configFile,
      backup: expect.stringContaining(configFile),
    });
    expect(stderr).toContain('loads as Ghost loads it');
  });

  test('replaces an older version of itself', async () => {
    mkdirSync(path.join(adapter, 'old'), { recursive: true });
    writeFileSync(path.join(adapter, 'package.json'), '{"name":"ghost-storage-s3-cloudfront","version":"0.9.0"}');
    expect((await install(...GIVEN)).stdout).toMatch(/S3CloudFrontStorage \(0\.9\.0 → \d/);
    expect(existsSync(path.join(adapter, 'old'))).toBe(false);
    expect(readdirSync(path.dirname(adapter))).toEqual(['S3CloudFrontStorage']);
  });

  test.each(['a folder', 'a link'])('never replaces %s that is something else', async (kind) => {
    mkdirSync(path.dirname(adapter), { recursive: true });
    if (kind === 'a link') {
      symlinkSync(root, adapter);
    } else {
      mkdirSync(adapter);
    }
    const before = everything();
    expect(await install(...GIVEN)).toMatchObject({ status: 1, stderr: expect.stringContaining(adapter) });
    expect(everything()).toEqual(before);
  });

  test('goes where paths.installedAdaptersPath leads on Ghost 6', async () => {
    layOutGhost('6.65.0');
    const env = { paths__installedAdaptersPath: path.join(folder, 'adapters') };
    const { status, stdout } = await run(['--yes', ...GIVEN], env);
    expect([status, stdout]).toEqual([0, expect.stringContaining(path.join(folder, 'adapters/storage'))]);
    expect(existsSync(path.join(folder, 'adapters/storage/S3CloudFrontStorage/dist/index.js'))).toBe(true);
    expect(existsSync(adapter)).toBe(false);
  });

  test('tells what Ghost 5 lacks', async () => {
    layOutGhost('5.130.6');
    expect((await install(...GIVEN)).stdout).toContain('Ghost 5 does not support "urls"');
    expect(JSON.parse(readFileSync(configFile, 'utf8'))).not.toHaveProperty('urls');
  });

  test('reads secrets from the files that the environment names, and writes them nowhere', async () => {
    const secret = path.join(folder, 'secret');
    writeFileSync(secret, 'not-to-be-copied\n');
    const env = {
      storage__S3CloudFrontStorage__accessKeyId: 'AKIAEXAMPLE',
      storage__S3CloudFrontStorage__secretAccessKey_FILE: secret,
    };
    const { status, stdout } = await run(['--yes', ...GIVEN], env);
    expect(status).toBe(0);
    expect(stdout + readFileSync(configFile, 'utf8')).not.toMatch(/not-to-be-copied|AKIAEXAMPLE/);
    rmSync(secret);
    expect((await run(['--yes'], env)).stderr).toContain(`secretAccessKey_FILE names the file ${secret}`);
  });

  testOnUnix('refuses the Node of the service that Ghost-CLI has made, where it is too old', async () => {
    const node = path.join(folder, 'node');
    writeFileSync(node, '#!/bin/sh\necho v18.20.4\n', { mode: 0o755 });
    mkdirSync(path.join(folder, 'system/files'), { recursive: true });
    const unit = path.join(folder, 'system/files/ghost_blog-example-com.service');
    writeFileSync(unit, `[Service]\nUser=ghost\nExecStart=${node} /usr/bin/ghost run\n`);
    expect(await install(...GIVEN)).toMatchObject({ status: 1, stderr: expect.stringContaining(`v18.20.4 (${node})`) });
  });

  test('tells of an older copy that is not used any more', async () => {
    layOutGhost('6.65.0');
    await install(...GIVEN);
    const paths = { installedAdaptersPath: path.join(folder, 'adapters') };
    writeFileSync(configFile, JSON.stringify({ paths }));
    expect((await install(...GIVEN)).stdout).toContain(`${adapter} is not used`);
  });

  test('tells how Ghost is restarted: by Ghost-CLI, or in a container, with which its file is gone', async () => {
    const { stdout } = await run(['--yes', ...GIVEN], { GHOST_INSTALL: folder });
    expect(stdout).toMatch(/config\.production\.json is inside this container[^]*docker compose restart ghost/);
    writeFileSync(path.join(folder, '.ghost-cli'), '{"running":"production"}');
    expect((await run([])).stdout).toContain('\n  ghost restart\n');
  });

  testOnUnix('warns of secrets in a file that every user can read, and says how to change that', async () => {
    const secrets = { secretAccessKey: 'not-to-be-shown', accessKeyId: 'AKIAEXAMPLE' };
    writeFileSync(configFile, JSON.stringify({ storage: { S3CloudFrontStorage: secrets } }));
    chmodSync(configFile, 0o644);
    const { stdout, stderr } = await run(['--yes', ...GIVEN]);
    expect(stdout + stderr).toMatch(
      /Every user of this machine can read .*\(mode 644\).*secretAccessKey[^]*chmod 640 \//,
    );
    chmodSync(configFile, 0o640);
    await install('--uninstall');
    const again = await install(...GIVEN);
    expect(again.stdout + again.stderr).not.toContain('Every user');
  });

  test('asks for a content folder that is not there', async () => {
    rmSync(path.join(folder, 'content'), { recursive: true });
    expect((await install(...GIVEN)).stderr).toMatch(/The content folder .* does not exist[^]*--content/);
  });

  test('changes what a linked configuration leads to, and says so', async () => {
    const linked = path.join(folder, 'shared.json');
    writeFileSync(linked, CONFIG);
    rmSync(configFile);
    symlinkSync(linked, configFile);
    expect((await install(...GIVEN)).stdout).toContain(`is a link to ${linked}`);
    expect(readFileSync(linked, 'utf8')).toContain('S3CloudFrontStorage');
  });

  testAsRoot('gives what it brings to the owner of the content, whatever the umask is', async () => {
    chownSync(path.join(folder, 'content'), 4711, 4712);
    const before = process.umask(0o077);
    expect((await install(...GIVEN)).status).toBe(0);
    process.umask(before);
    for (const name of ['content/adapters', 'content/adapters/storage', adapter, `${adapter}/dist/lazy/aws-sdk.js`]) {
      const { uid, gid, mode } = statSync(path.resolve(folder, name));
      expect([uid, gid, mode & 0o444]).toEqual([4711, 4712, 0o444]);
    }
  });

  testAsRoot(
    'tries the adapter out as the owner of the content, and puts everything back where that fails',
    async () => {
      chownSync(path.join(folder, 'content'), 4711, 4712);
      chmodSync(folder, 0o700);
      const before = everything();
      const { status, stderr } = await install(...GIVEN);
      expect([status, stderr]).toEqual([1, expect.stringMatching(/could not[^]*Everything is as it was/)]);
      expect(everything()).toEqual(before);
    },
  );
});

describeAsRoot('a user who cannot write there', () => {
  const asNobody = (...parameters: string[]) =>
    runBuilt(['install', '--skip-check', '--yes', ...parameters], { uid: 65534, gid: 65534 });

  test.each(['config.production.json', 'content'])('%s is told to use sudo before anything is changed', (name) => {
    const own = name === 'content' ? [folder, configFile] : [path.join(folder, 'content')];
    own.forEach((place) => chownSync(place, 65534, 65534));
    const before = everything();
    const { status, stderr } = asNobody(...GIVEN);
    expect([status, stderr]).toEqual([1, expect.stringMatching(new RegExp(`${name} cannot be written[^]*sudo`))]);
    expect(everything()).toEqual(before);
  });
});

describe('a name that is taken', () => {
  test.each([
    ['by a package of Ghost', '6.65.0', 'node_modules/S3CloudFrontStorage/index.js'],
    ["by an adapter of Ghost's own", '6.65.0', 'core/server/adapters/storage/S3CloudFrontStorage.js'],
    ['by a package of Ghost', '5.130.6', 'node_modules/S3CloudFrontStorage/index.js'],
  ])('%s is told, and everything is put back (Ghost %s)', async (_, version, name) => {
    const other = path.join(layOutGhost(version), name);
    mkdirSync(path.dirname(other), { recursive: true });
    writeFileSync(other, 'module.exports = class {};');
    const before = everything();
    const { status, stderr } = await install(...GIVEN);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`Ghost would load ${other}`)]);
    expect(stderr).toContain('Everything is as it was');
    expect(everything()).toEqual(before);
  });

  test('by a file of the content folder is told on Ghost 5, which takes it first', async () => {
    layOutGhost('5.130.6');
    mkdirSync(path.dirname(adapter), { recursive: true });
    writeFileSync(`${adapter}.js`, 'module.exports = class {};');
    expect(await install(...GIVEN)).toMatchObject({ status: 1, stderr: expect.stringContaining(`load ${adapter}.js`) });
    expect(existsSync(adapter)).toBe(false);
  });

  test('does no harm where Ghost looks into the content folder first', async () => {
    const other = path.join(layOutGhost('5.130.6'), 'core/server/adapters/storage/S3CloudFrontStorage.js');
    writeFileSync(other, 'module.exports = class {};');
    expect((await install(...GIVEN)).status).toBe(0);
  });
});

describe('an installation that does not pass', () => {
  test("Ghost's own check is put back, with the version that was there", async () => {
    const code = layOutGhost('6.65.0');
    mkdirSync(path.join(code, 'bin'));
    const script =
      'console.error(`refused: ${process.argv[2]} in ${process.env.paths__contentPath}`); process.exit(1);';
    writeFileSync(path.join(code, 'bin/validate-adapters.js'), script);
    cpSync(path.join(root, 'package.json'), path.join(adapter, 'package.json'), { recursive: true });
    const before = everything();
    const { status, stderr } = await install(...GIVEN);
    expect(stderr).toContain(`refused: storage:S3CloudFrontStorage in ${path.join(folder, 'content')}`);
    expect(status).toBe(1);
    expect(everything()).toEqual(before);
  });

  test('the check of its own configuration is not started', async () => {
    const before = everything();
    const { status, stderr } = await install('--bucket', 'a/b', '--cdn-url', 'http://images.example.com');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/"bucket" is "a\/b".*"cdnUrl"/)]);
    expect(everything()).toEqual(before);
  });
});

describe('install --uninstall', () => {
  test('takes the adapter away and gives the configuration back, byte for byte', async () => {
    await install(...GIVEN);
    const { status, stdout } = await install('--uninstall');
    expect([status, readFileSync(configFile, 'utf8'), existsSync(adapter)]).toEqual([0, CONFIG, false]);
    const [, withAdapter = ''] = /with the adapter is saved as (.*)\.$/m.exec(stdout) ?? [];
    expect(readFileSync(withAdapter, 'utf8')).toContain('S3CloudFrontStorage');
    expect(stdout).toContain(`migrate --to-local --config ${withAdapter}`);
    expect(stdout).toContain('full CDN URLs');
  });

  test('has nothing to do the second time', async () => {
    expect(await run(['--uninstall'])).toMatchObject({ status: 0, stdout: expect.stringContaining('Nothing') });
  });

  test('leaves the adapter where the environment still uses it', async () => {
    await install(...GIVEN);
    const env = { storage__active: 'S3CloudFrontStorage' };
    const { status, stderr } = await run(['--uninstall', '--yes'], env);
    expect([status, stderr]).toEqual([1, expect.stringContaining('storage__active')]);
    expect(existsSync(adapter)).toBe(true);
  });
});

describe('install --print', () => {
  test('needs no Ghost, and touches nothing', async () => {
    rmSync(configFile);
    const before = readdirSync(folder, { recursive: true });
    const { status, stdout } = await run(['--print', ...GIVEN]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/"active": "S3CloudFrontStorage"[^]*\nstorage__active=S3[^]*\nservices:[^]*\nFROM ghost:6/);
    expect(stdout).toMatch(
      /before the import:\n\nPut this compose\.override\.yml into the new folder, next to the adapter/,
    );
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });

  test('takes what is configured, and is JSON for programs', async () => {
    writeFileSync(configFile, '{"storage":{"S3CloudFrontStorage":{"bucket":"mine","cdnUrl":"images.example.com"}}}');
    const ways = JSON.parse((await run(['--print', '--json'])).stdout) as { environment: object };
    expect(ways.environment).toMatchObject({ storage__S3CloudFrontStorage__bucket: 'mine' });
    expect(Object.keys(ways)).toEqual(['config', 'environment', 'compose', 'composeOverride', 'dockerfile']);
  });
});
