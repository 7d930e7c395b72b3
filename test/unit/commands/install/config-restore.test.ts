import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { replaceGhostConfig } from '../../../../src/ghost-site/config-file';
import { planConfigChange } from '../../../../src/commands/install/config-change';
import { restoredConfig } from '../../../../src/commands/install/config-restore';

const GIVEN = { bucket: 'blog-images', region: 'eu-central-1', cdnUrl: 'https://images.example.com' };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'config-'));
  file = path.join(folder, 'config.production.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Installs into a new file, and gives its text then. */
function install(text: string, options: object = GIVEN): string {
  writeFileSync(file, text);
  return installAgain(text, options);
}

function installAgain(text: string, options: object): string {
  const change = planConfigChange({ text, file, environment: {}, major: 6 }, options);
  replaceGhostConfig(file, change.text);
  return change.text;
}

const restore = (text: string) => restoredConfig(file, text, GIVEN.cdnUrl);

describe('the configuration without the adapter', () => {
  test.each([
    ['nothing of storage', '{\n\t"url" : "https://blog.example.com"\r\n}'],
    [
      'another adapter',
      '{ "storage": { "active": "S3Storage", "files": "X", "S3Storage": {"bucket":"b"} }, "z": [1] }',
    ],
    ['a block of the adapter', `{"storage":{"S3CloudFrontStorage":{"bucket":"old", "serve":"stream"}},"urls":{}}`],
    ['adapters.storage', '{"adapters": {"storage": {"active": "LocalImagesStorage"}}}\n\n'],
  ])('is the old one, byte for byte: %s', (_, text) => {
    expect(restore(install(text))).toEqual({ text, backup: expect.stringContaining('.backup') });
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
    const change = planConfigChange({ text: '{"url":"x"}', file, environment: {}, major: 6 }, GIVEN);
    expect(JSON.parse(restore(change.text)?.text ?? '')).toEqual({
      url: 'x',
      storage: { S3CloudFrontStorage: GIVEN },
    });
  });

  test('keeps addresses that are not those of the adapter', () => {
    const { config } = planConfigChange({ text: '{}', file, environment: {}, major: 6 }, GIVEN);
    const text = JSON.stringify({ ...config, urls: { image: 'https://other.example.com' } });
    expect(JSON.parse(restore(text)?.text ?? '')).toMatchObject({ urls: { image: 'https://other.example.com' } });
  });

  test('is nothing to do where Ghost does not use the adapter', () => {
    expect(restore('{"storage":{"S3CloudFrontStorage":{"bucket":"x"}}}')).toBeUndefined();
    expect(restore('')).toBeUndefined();
  });
});
