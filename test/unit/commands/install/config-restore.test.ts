import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { replaceGhostConfig, writeGhostConfig } from '../../../../src/ghost-site/config-file';
import { planConfigChange } from '../../../../src/commands/install/config-change';
import { jsonSettings } from '../../../../src/ghost-site/settings-file';
import { isRoot } from '../../../../src/shell/owner-rights';
import { removedConfig, restoredConfig } from '../../../../src/commands/install/config-restore';

const GIVEN = { bucket: 'blog-images', region: 'eu-central-1', cdnUrl: 'https://images.example.com' };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'config-'));
  file = path.join(folder, 'config.production.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settings = () => jsonSettings(file, () => ({}));

/** Installs into a new file, and gives its text then. */
function install(text: string, options: object = GIVEN): string {
  writeFileSync(file, text);
  return installAgain(text, options);
}

function installAgain(text: string, options: object): string {
  const change = planConfigChange({ text, settings: settings(), major: 6 }, options);
  replaceGhostConfig(file, change.text);
  return change.text;
}

const restore = (text: string) => restoredConfig(settings(), text, GIVEN.cdnUrl);

describe('the configuration without the adapter', () => {
  test.each([
    ['nothing of storage', '{\n\t"url" : "https://blog.example.com"\r\n}'],
    [
      'another adapter',
      '{ "storage": { "active": "S3Storage", "files": "X", "S3Storage": {"bucket":"b"} }, "z": [1] }',
    ],
    [
      'a block of the adapter',
      `{"storage":{"S3CloudFrontStorage":{"bucket":"blog-images", "serve":"stream"}},"urls":{}}`,
    ],
    ['adapters.storage', '{"adapters": {"storage": {"active": "LocalImagesStorage"}}}\n\n'],
  ])('is the old one, byte for byte: %s', (_, text) => {
    expect(restore(install(text))).toEqual({ text, backup: expect.stringContaining('.backup') });
  });

  test('is the one with the options that provision wrote before the installation, byte for byte', () => {
    writeFileSync(file, '{"url":"x"}');
    const options: Record<string, string> = { ...GIVEN, tenantPrefix: 'blog-7' };
    writeGhostConfig(file, { storage: { S3CloudFrontStorage: options } });
    const text = readFileSync(file, 'utf8');
    expect(restore(installAgain(text, {}))?.text).toBe(text);
  });

  test('has the bucket that an installation has put in the place of another one, where the files are now', () => {
    const text = `{"storage":{"S3CloudFrontStorage":${JSON.stringify({ ...GIVEN, bucket: 'former' })}},"url":"x"}`;
    expect(restore(install(text, { bucket: 'another' }))?.text).toBe(text.replace('former', 'another'));
  });

  test.each([
    ['with a backup', replaceGhostConfig],
    ['by hand', writeFileSync],
  ])('has the access key that replaced the one of before the installation, %s', (_, write) => {
    const options = { ...GIVEN, accessKeyId: 'AKIAOLD0000000000000', secretAccessKey: 'a'.repeat(40) };
    const installed = install(JSON.stringify({ storage: { S3CloudFrontStorage: options } }), {});
    const rotated = installed.replace('AKIAOLD', 'AKIANEW').replace('a'.repeat(40), 'b'.repeat(40));
    write(file, rotated);
    expect(JSON.parse(restore(rotated)?.text ?? '')).toEqual({
      storage: {
        S3CloudFrontStorage: { ...options, accessKeyId: 'AKIANEW0000000000000', secretAccessKey: 'b'.repeat(40) },
      },
    });
  });

  test('is the one before the first of several installations', () => {
    const once = install('{"url":"x"}', { ...GIVEN, bucket: 'first' });
    const twice = installAgain(once, GIVEN);
    expect(restore(twice)?.text).toBe('{"url":"x"}');
  });

  test('keeps what was changed since, and the block, and is else as it was before', () => {
    const installed = install('{ "storage": { "active": "S3Storage", "S3Storage": { "bucket": "b" } } }');
    const text = installed.replace('"urls"', '"server": { "port": 2369 },\n  "urls"');
    const restored = restore(text);
    expect(restored?.backup).toBeUndefined();
    expect(JSON.parse(restored?.text ?? '')).toEqual({
      storage: { active: 'S3Storage', S3Storage: { bucket: 'b' }, S3CloudFrontStorage: GIVEN },
      server: { port: 2369 },
    });
  });

  test('does without a backup', () => {
    const change = planConfigChange({ text: '{"url":"x"}', settings: settings(), major: 6 }, GIVEN);
    expect(JSON.parse(restore(change.text)?.text ?? '')).toEqual({
      url: 'x',
      storage: { S3CloudFrontStorage: GIVEN },
    });
  });

  test('keeps addresses that are not those of the adapter', () => {
    const { config } = planConfigChange({ text: '{}', settings: settings(), major: 6 }, GIVEN);
    const text = JSON.stringify({ ...config, urls: { image: 'https://other.example.com' } });
    expect(JSON.parse(restore(text)?.text ?? '')).toMatchObject({ urls: { image: 'https://other.example.com' } });
  });

  test('is nothing to do where Ghost does not use the adapter', () => {
    expect(restore('{"storage":{"S3CloudFrontStorage":{"bucket":"x"}}}')).toBeUndefined();
    expect(restore('')).toBeUndefined();
  });

  test.each<[string, (backup: string) => void]>([
    ['that is not a configuration', (backup) => writeFileSync(backup, 'bucket=x')],
    ['that is a folder', (backup) => mkdirSync(backup)],
    ['that is a link', (backup) => symlinkSync(file, backup)],
    ['that is a broken link', (backup) => symlinkSync('nowhere', backup)],
    ['that is a FIFO', (backup) => execFileSync('mkfifo', [backup])],
    ['that is larger than a configuration', (backup) => writeFileSync(backup, `{}${' '.repeat(1_000_001)}`)],
  ])('does not come from a file of the name of a backup %s', (_, create) => {
    const text = install('{"url":"x"}');
    create(`${file}.29990101T000000000Z.backup`);
    create(`${file}.of-another-program.backup`);
    expect(restore(text)).toEqual({ text: '{"url":"x"}', backup: expect.stringContaining('.backup') });
  });

  (isRoot() ? test : test.skip)('does not come from a backup of another user', () => {
    const text = install('{"url":"x"}');
    const foreign = `${file}.29990101T000000000Z.backup`;
    writeFileSync(foreign, '{"url":"foreign"}');
    chownSync(foreign, 4711, 4711);
    chmodSync(folder, 0o777);
    expect(restore(text)?.text).toBe('{"url":"x"}');
  });

  test.each([
    '{"storage":{"active":"S3CloudFrontStorage","media":null,"files":null,"S3CloudFrontStorage":null},"urls":null}',
    '{"storage":{"active":"S3CloudFrontStorage","media":[],"S3CloudFrontStorage":"x"},"adapters":{"storage":null}}',
    '{"storage":{"active":"S3CloudFrontStorage","media":{"adapter":null},"S3CloudFrontStorage":{"cdnUrl":7}}}',
  ])('takes null, and other things that are not settings, for nothing: %s', (text) => {
    expect(JSON.parse(restore(text)?.text ?? '')).not.toHaveProperty('storage.active');
    const change = planConfigChange({ text, settings: settings(), major: 6 }, GIVEN);
    expect(JSON.parse(change.text)).toMatchObject({
      storage: { active: 'S3CloudFrontStorage', media: { adapter: 'S3CloudFrontStorage' }, S3CloudFrontStorage: GIVEN },
    });
  });
});

describe('the storage settings of before', () => {
  test('are those of the newest configuration that used the adapter', () => {
    const text = install('{"url":"x"}');
    writeFileSync(file, text);
    expect(removedConfig(settings())).toBeUndefined();
    replaceGhostConfig(file, restore(text)?.text ?? '');
    expect(removedConfig(settings())?.storage).toMatchObject({
      active: 'S3CloudFrontStorage',
      S3CloudFrontStorage: GIVEN,
    });
  });
});
