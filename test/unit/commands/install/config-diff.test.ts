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

  test('keeps what is not a secret as it is', () => {
    const value = { storage: { active: 'S3CloudFrontStorage' }, security: { tokens: true }, none: null };
    expect(withMaskedSecrets(value)).toEqual(value);
  });

  test.each([
    ['mysql://ghost:hid/den@db.example.com/ghost'],
    ['mysql://ghost:hid@den@db.example.com/ghost'],
    ['mysql://ghost:hid den@db.example.com/ghost'],
    ['mysql://ghost:hid"den@db.example.com/ghost'],
    ['ghost:hidden@tcp(db.example.com)/ghost'],
    ['https://smtp.example.com/?user=ghost&password=hidden'],
    ['https://bucket.example.com/a?X-Amz-Signature=hidden'],
    ['Server=db.example.com;Pwd=hidden;Port=3306'],
    ['AKIAIOSFODNN7HIDDEN1'],
    ['-----BEGIN PRIVATE KEY-----\nhidden'],
  ])('shows no secret in a value of any name: %s', (value) => {
    for (const text of [JSON.stringify({ value }), JSON.stringify({ value }).replaceAll('/', '\\/')]) {
      expect(withoutSecrets(text)).not.toMatch(/hid|den|HIDDEN/);
      expect(JSON.parse(withoutSecrets(text))).toEqual({ value: expect.stringContaining('********') });
    }
  });

  test.each([
    ['pwd', 'private', 'salt', 'pass', 'passwd', 'passphrase', 'client_secret', 'apiToken', 'key', 'credentials'],
    ['Authorization', 'sentry_dsn', 'cert', 'cookie', 'signature', 'webhookUrl', 'connectionString', 'pin', 'db_pin'],
  ])('shows no value of such names: %s …', (...names) => {
    const config = Object.fromEntries(names.map((name) => [name, ['hidden', { inner: 'hidden', number: 4711 }]]));
    expect(withoutSecrets(JSON.stringify(config))).not.toMatch(/hidden|4711/);
  });

  test('keeps addresses without secrets', () => {
    const value = {
      from: "'Blog' <noreply@example.com>",
      url: 'https://blog.example.com/a?b=c&page=2',
      endpoint: 'http://localhost:9000',
      time: '12:30',
    };
    expect(withMaskedSecrets(value)).toEqual(value);
  });
});
