import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

interface Packed {
  files: { path: string; size: number }[];
}

const [packed] = JSON.parse(
  // --ignore-scripts: the test command has built dist/ already.
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  }),
) as [Packed];
const paths = packed.files.map((file) => file.path);
const scripts = paths.filter((file) => file.endsWith('.js'));

describe('the package', () => {
  test('holds the adapter, its types, the command line, template and guide, README and licenses, and nothing else', () => {
    expect(paths.filter((file) => !file.startsWith('dist/lazy/')).sort()).toEqual(
      [
        'LICENSE',
        'README.md',
        'dist/THIRD_PARTY_LICENSES.txt',
        'dist/cli.js',
        'dist/index.d.ts',
        'dist/index.js',
        'docs/images/request.svg',
        'infrastructure/GUIDE.md',
        'infrastructure/template.yaml',
        'package.json',
      ].sort(),
    );
    expect(paths.filter((file) => file.startsWith('dist/lazy/') && !/^dist\/lazy\/[\w-]+\.js$/.test(file))).toEqual([]);
  });

  test('weighs at most 1.5 MB without the command line, which Ghost does not load', () => {
    const adapter = packed.files.filter((file) => file.path !== 'dist/cli.js');
    expect(adapter.reduce((sum, file) => sum + file.size, 0)).toBeLessThanOrEqual(1_500_000);
  });

  test('keeps everything of the command line out of the adapter', () => {
    const adapter = scripts.filter((file) => file !== 'dist/cli.js');
    for (const script of adapter) {
      const source = readFileSync(path.join(root, script), 'utf8');
      expect(source).not.toMatch(/commander|CloudFormationClient|ACMClient|Route53Client|IAMClient|inquirer/);
    }
  });

  test('needs nothing to be installed beside it', () => {
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
      expect(required.filter((name) => !known.has(name) && !/^\.\/lazy\/[\w-]+\.js$/.test(name))).toEqual([]);
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
      expect(output).toContain('AWS was not asked, and nothing was made.');
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
