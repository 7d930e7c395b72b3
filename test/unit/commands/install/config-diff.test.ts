import { createColors } from 'picocolors';
import { configDiff, withMaskedSecrets, withoutSecrets } from '../../../../src/commands/install/config-diff';

const shownDiff = (...[file, before, after]: [string, string, string]) =>
  configDiff(file, before, after, createColors(false)).join('\n');

describe('the change of the configuration', () => {
  test('is shown as a unified diff', () => {
    const before = '{\n  "url": "https://blog.example.com"\n}\n';
    const after = '{\n  "url": "https://blog.example.com",\n  "storage": {}\n}\n';
    expect(shownDiff('/var/www/ghost/config.production.json', before, after)).toBe(
      [
        '--- config.production.json	now',
        '+++ config.production.json	then',
        '@@ -1,3 +1,4 @@',
        ' {',
        '-  "url": "https://blog.example.com"',
        '+  "url": "https://blog.example.com",',
        '+  "storage": {}',
        ' }',
      ].join('\n'),
    );
  });

  test('shows no secret, neither of the adapter nor of what stands around it', () => {
    const text = JSON.stringify(
      {
        database: { connection: { user: 'ghost', password: 'hidden-1' } },
        mail: { options: { auth: { user: 'hidden-2', pass: 12345678 } } },
        storage: {
          S3CloudFrontStorage: {
            bucket: 'blog-images',
            accessKeyId: 'hidden-3',
            secretAccessKey: 'hid"den-4',
            sessionToken: 'hidden-5',
            cdnFallbackSecret: 'hidden-6',
            endpoint: 'https://me:hidden-7@s3.example.com',
          },
        },
      },
      null,
      2,
    );
    const shown = shownDiff('config.production.json', '{}', text);
    expect(shown).not.toMatch(/hid|12345678/);
    expect(shown).toContain('"bucket": "blog-images"');
    expect(shown).toContain('https://********@s3.example.com');
    expect(withoutSecrets(text).split('\n')).toHaveLength(text.split('\n').length);
  });

  test('keeps what is no secret as it is', () => {
    const value = { storage: { active: 'S3CloudFrontStorage' }, security: { tokens: true }, none: null };
    expect(withMaskedSecrets(value)).toEqual(value);
  });
});
