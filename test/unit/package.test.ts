import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { adapterFiles } from '../../src/commands/install/adapter-files';
import type { RenderedTemplate } from '../../src/template/render';
import { packedFiles } from '../support/packed-files';

const root = path.resolve(__dirname, '../..');

const paths = packedFiles().map((file) => file.path);
const scripts = paths.filter((file) => file.endsWith('.js'));

/**
 * Uploads twice in a new process, to where no server listens.
 *
 * @param dist folder of the built adapter
 * @param missing path of a file that is missing the first time
 * @returns the codes of the errors, and the names of the files that were loaded
 */
function uploadBy(dist: string, missing?: string): { codes: string[]; loaded: string[] } {
  const options = {
    bucket: 'pictures',
    region: 'eu-central-1',
    endpoint: 'http://127.0.0.1:9',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    cdnUrl: 'https://images.example.com',
    maxAttempts: 1,
  };
  const script = `
    const { renameSync } = require('node:fs');
    const { basename } = require('node:path');
    const [file, missing] = process.argv.slice(1);
    const Storage = require(file);
    const storage = new Storage(${JSON.stringify(options)});
    const upload = () => storage.saveRaw(Buffer.from('picture'), 'photo.jpg').catch(({ code }) => code);
    const move = (from, to) => missing && renameSync(missing + from, missing + to);
    (async () => {
      move('', '.away');
      const codes = [await upload()];
      move('.away', '');
      codes.push(await upload());
      console.log(JSON.stringify({ codes, loaded: Object.keys(require.cache).map((name) => basename(name)) }));
    })();`;
  const argv = ['-e', script, path.join(dist, 'index.js'), ...(missing ? [missing] : [])];
  // Where there is no package of Ghost.
  const output = execFileSync(process.execPath, argv, { cwd: tmpdir(), encoding: 'utf8' });
  return JSON.parse(output) as ReturnType<typeof uploadBy>;
}

/** Uploads with the credentials of the environment. */
const UPLOAD = `
  const Storage = require(process.argv[1]);
  const storage = new Storage({ bucket: 'pictures', cdnUrl: 'https://images.example.com', maxAttempts: 1 });
  storage.saveRaw(Buffer.from('picture'), 'photo.jpg').catch(() => {});`;

describe('the package', () => {
  test('holds the adapter, its types, the command line, the template, the script, the docs and the licenses, and nothing else', () => {
    const isPiece = /^dist\/(lazy\/|cli-)[\w-]+\.js$/;
    expect(paths.filter((file) => !isPiece.test(file)).sort()).toEqual(
      [
        'CHANGELOG.md',
        'CONTRIBUTING.md',
        'LICENSE',
        'README.md',
        'SECURITY.md',
        'dist/THIRD_PARTY_LICENSES.txt',
        'dist/cli.js',
        'dist/index.d.ts',
        'dist/index.js',
        ...readdirSync(path.join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
        ...readdirSync(path.join(root, 'docs/images')).map((name) => `docs/images/${name}`),
        'infrastructure/GUIDE.md',
        'infrastructure/provision.sh',
        'infrastructure/template.yaml',
        'package.json',
      ].sort(),
    );
  });

  test('adds at most 1.5 MB to Ghost, without the command line and the docs', () => {
    const files = adapterFiles();
    const others = [...files.keys()].filter((name) => !/^(package\.json|LICENSE|dist\/(?!cli).+)$/.test(name));
    expect(others).toEqual([]);
    expect([...files.values()].reduce((sum, bytes) => sum + bytes.length, 0)).toBeLessThanOrEqual(1_500_000);
  });

  test('keeps everything of the command line out of the adapter', () => {
    const adapter = scripts.filter((file) => !file.startsWith('dist/cli'));
    for (const script of adapter) {
      const source = readFileSync(path.join(root, script), 'utf8');
      expect(source).not.toMatch(/commander|CloudFormationClient|ACMClient|Route53Client|IAMClient|inquirer/);
    }
  });

  test('needs nothing to be installed with it', () => {
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest.dependencies).toBeUndefined();
    expect(manifest.scripts).not.toHaveProperty('postinstall');
    const known = new Set([
      ...builtinModules,
      ...builtinModules.map((name) => `node:${name}`),
      // Native signatures for multi-region access points, which the SDK tries and does without.
      '@aws-sdk/signature-v4-crt',
    ]);
    for (const script of scripts) {
      const source = readFileSync(path.join(root, script), 'utf8');
      const required = [...source.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name = '']) => name);
      const isPacked = (name: string) => paths.includes(path.posix.join(path.posix.dirname(script), name));
      expect(required.filter((name) => !known.has(name) && !isPacked(name))).toEqual([]);
    }
  });

  test('has an upload wait for nothing that only other settings need', () => {
    const { loaded } = uploadBy(path.join(root, 'dist'));
    expect(loaded).toContain('aws-sdk.js');
    for (const needless of ['aws-sdk-cloudfront-', 'aws-sdk-sts-', 'aws-sdk-sso-oidc-', 'transliteration.js']) {
      expect(paths.filter((file) => file.startsWith(`dist/lazy/${needless}`))).toHaveLength(1);
      expect(loaded.filter((file) => file.startsWith(needless))).toEqual([]);
    }
  });

  test('loads at the next upload what could not be read at the first one', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'dist-'));
    try {
      cpSync(path.join(root, 'dist'), folder, { recursive: true });
      const sdk = readFileSync(path.join(folder, 'lazy/aws-sdk.js'), 'utf8');
      const [, part = ''] = /require\("\.\/(aws-sdk-chunk-\w+\.js)"\)/.exec(sdk) ?? [];
      const { codes } = uploadBy(folder, path.join(folder, 'lazy', part));
      // Where no server listens, an upload comes no further than that.
      expect(codes).toEqual(['STORAGE_ADAPTER_INCOMPLETE', 'STORAGE_S3_UNREACHABLE']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('says what went wrong also when no further file can be read', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'dist-'));
    try {
      cpSync(path.join(root, 'dist'), folder, { recursive: true });
      const { codes } = uploadBy(folder, path.join(folder, 'lazy/ghost-errors.js'));
      expect(codes).toEqual(['STORAGE_S3_UNREACHABLE', 'STORAGE_S3_UNREACHABLE']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test.each([
    ['an upload', ['-e', UPLOAD, path.join(root, 'dist/index.js')]],
    ['a command', [path.join(root, 'dist/cli.js'), 'provision', 'status', '--domain', 'images.example.com']],
  ])('warns of two sources of credentials in the environment, as the SDK does: %s', (_, argv) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'profile-'));
    const file = path.join(folder, 'config');
    writeFileSync(file, '[profile blog]\naws_access_key_id = key\naws_secret_access_key = secret\n');
    const environment = {
      PATH: process.env.PATH,
      HOME: folder,
      AWS_CONFIG_FILE: file,
      AWS_SHARED_CREDENTIALS_FILE: file,
      AWS_PROFILE: 'blog',
      AWS_ACCESS_KEY_ID: 'other',
      AWS_SECRET_ACCESS_KEY: 'other',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_MAX_ATTEMPTS: '1',
    };
    const { stderr } = spawnSync(process.execPath, argv, { cwd: folder, env: environment, encoding: 'utf8' });
    expect(stderr).toContain('Both AWS_PROFILE and the pair AWS_ACCESS_KEY_ID/AWS_SECRET_ACCESS_KEY');
    rmSync(folder, { recursive: true, force: true });
  });

  test('plans with the template that the build has parsed, and parses one that was changed', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'package-'));
    try {
      for (const file of ['dist', 'infrastructure', 'package.json']) {
        cpSync(path.join(root, file), path.join(folder, file), { recursive: true });
      }
      const dryRun = ['provision', '--domain', 'images.example.com', '--region', 'eu-central-1', '--no-ghost'];
      const plan = () => {
        const argv = [path.join(folder, 'dist/cli.js'), ...dryRun, '--dry-run', '--json'];
        const output = execFileSync(process.execPath, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
        return (JSON.parse(output) as { template: RenderedTemplate }).template;
      };
      const template = path.join(folder, 'infrastructure/template.yaml');
      const text = readFileSync(template, 'utf8');
      expect(plan().Resources.Bucket?.DeletionPolicy).toBe('RetainExceptOnCreate');
      for (const file of scripts.filter((name) => name.startsWith('dist/cli'))) {
        const piece = readFileSync(path.join(folder, file), 'utf8');
        writeFileSync(
          path.join(folder, file),
          piece.replaceAll('"DeletionPolicy":"RetainExc', '"DeletionPolicy":"OfTheBuild'),
        );
      }
      expect(plan().Resources.Bucket?.DeletionPolicy).toBe('OfTheBuildeptOnCreate');

      writeFileSync(template, text.replaceAll('DeletionPolicy: RetainExceptOnCreate', 'DeletionPolicy: Delete'));

      expect(plan().Resources.Bucket?.DeletionPolicy).toBe('Delete');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('loads by its name as Ghost does, through its exports', () => {
    const loaded = execFileSync(process.execPath, ['-p', "require('ghost-storage-s3-cloudfront').name"], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(loaded.trim()).toBe('S3CloudFrontStorage');
  });

  test('runs by npx from an empty folder, without a network', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'npx-'));
    try {
      const options = {
        cwd: folder,
        encoding: 'utf8' as const,
        // npm's own words about its versions are not for the answer.
        stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'],
        shell: process.platform === 'win32',
        env: { ...process.env, npm_config_cache: path.join(folder, 'cache'), npm_config_offline: 'true' },
      };
      const archive = execFileSync('npm', ['pack', root, '--ignore-scripts', '--silent'], options).trim();
      const command = ['provision', '--domain', 'images.example.com', '--dry-run'];
      const output = execFileSync('npx', ['--yes', `./${archive}`, ...command], options);
      expect(output).toContain('no request was sent to AWS, and nothing was created.');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('names the license of everything that is bundled', () => {
    const notices = readFileSync(path.join(root, 'dist/THIRD_PARTY_LICENSES.txt'), 'utf8');
    for (const name of [
      '@aws-sdk/client-s3',
      '@aws-sdk/client-cloudformation',
      'commander',
      'ghost-storage-base',
      'mime-types',
      'transliteration',
      'zod',
      'moment',
    ]) {
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+`, 'm'));
    }
  });
});

test('package.json denies the install script of each dependency that has one', () => {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: true }>;
  };
  const { allowScripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    allowScripts: Record<string, boolean>;
  };
  const withScripts = Object.keys(packages).filter((place) => packages[place]?.hasInstallScript);
  const names = withScripts.map((place) => place.replace(/^.*node_modules\//, ''));
  expect(allowScripts).toEqual(Object.fromEntries(names.map((name) => [name, false])));
});
