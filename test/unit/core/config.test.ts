import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseConfig } from '../../../src/core/config';
import { REQUIRED_OPTIONS as required, refusal } from '../../support/refused-config';

describe('the configuration', () => {
  test('needs a bucket and a cdnUrl, and nothing else', () => {
    expect(parseConfig(required).config).toEqual({
      bucket: 'blog-images',
      cdnUrl: 'https://images.example.com',
      staticFileURLPrefix: 'content/images',
      tenantPrefix: '',
      serve: 'auto',
      cacheControl: 'public, max-age=31536000, immutable',
      keepLocation: false,
      multipartUploadThresholdBytes: 8 * 1024 * 1024,
      multipartChunkSizeBytes: 6 * 1024 * 1024,
      uploadConcurrency: 8,
      maxConcurrentUploads: 32,
      uploadMemoryBytes: 48 * 1024 * 1024,
      requestTimeoutMs: 30_000,
      maxAttempts: 4,
    });
  });

  test('takes every option', () => {
    const all = {
      ...required,
      region: 'eu-central-1',
      staticFileURLPrefix: 'content/media',
      tenantPrefix: 'blogs/seven',
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: 'secret/with+signs=',
      sessionToken: 'token',
      endpoint: 'https://s3.example.com',
      forcePathStyle: true,
      distributionId: 'E2EXAMPLE1ABCD',
      cdnFallbackSecret: ['0123456789abcdef0123456789abcdef', 'fedcba9876543210fedcba9876543210'],
      serve: 'stream',
      cacheControl: 'public, max-age=60',
      keepLocation: true,
      storageClass: 'INTELLIGENT_TIERING',
      serverSideEncryption: 'aws:kms',
      kmsKeyId: 'alias/blog',
      acl: 'bucket-owner-full-control',
      multipartUploadThresholdBytes: 20_000_000,
      multipartChunkSizeBytes: 10_000_000,
      uploadConcurrency: 2,
      maxConcurrentUploads: 4,
      uploadMemoryBytes: 20_000_000,
      requestTimeoutMs: 5000,
      maxAttempts: 1,
    };
    expect(parseConfig(all).config).toEqual(all);
  });

  test('lists everything that is wrong at once, with the option, its value and what to write instead', () => {
    const message = refusal({
      region: 'eu west',
      forcePathStyle: 'yes',
      serve: 'always',
      uploadConcurrency: 'abc',
      buckett: 'x',
    });
    expect(message).toContain('"bucket" is missing: it must be the name of your S3 bucket');
    expect(message).toContain(
      '"cdnUrl" is missing: it must be the URL of your CDN, for example "https://images.example.com"',
    );
    expect(message).toContain('"region" is "eu west", but must be the region of the bucket, for example "eu-west-1"');
    expect(message).toContain('"forcePathStyle" is "yes", but must be true or false');
    expect(message).toContain('"serve" is "always", but must be one of: auto, stream, redirect');
    expect(message).toContain('"uploadConcurrency" is "abc", but must be a whole number from 1 to 64');
    expect(message).toContain('"buckett" is not an option of this adapter. Did you mean "bucket"?');
  });

  test.each([
    ['cdnURL', 'cdnUrl'],
    ['staticFileUrlPrefix', 'staticFileURLPrefix'],
    ['secretAccesKey', 'secretAccessKey'],
    ['forcePathstyle', 'forcePathStyle'],
    ['tenant', 'tenantPrefix'],
  ])('suggests an option for the unknown %s', (unknown, suggestion) => {
    expect(refusal({ ...required, [unknown]: 'x' })).toContain(
      `"${unknown}" is not an option of this adapter. Did you mean "${suggestion}"?`,
    );
  });

  test('says why an option of an older adapter is no longer needed', () => {
    expect(refusal({ ...required, signatureVersion: 'v4' })).toContain(
      '"signatureVersion" is not an option of this adapter (every request is signed',
    );
  });

  test.each([undefined, null, 'bucket', 7, ['bucket']])('refuses %p in place of a block of options', (options) => {
    expect(refusal(options)).toContain('must be a block of options');
  });

  test('never shows a secret', () => {
    const message = refusal({
      accessKeyId: 7_000_001,
      secretAccessKey: ['s3cr3t'],
      sessionToken: { s3cr3t: 1 },
      cdnFallbackSecret: 's3cr3t',
    });
    expect(message).toContain('"secretAccessKey" must be the secret access key as text');
    expect(message).toContain('"cdnFallbackSecret" must have at least 16 characters');
    expect(message).not.toContain('s3cr3t');
    expect(message).not.toContain('7000001');
  });

  describe('from the environment, where everything is text or guessed', () => {
    test('reads digits as numbers and true and false as what they say', () => {
      const { config } = parseConfig({
        ...required,
        forcePathStyle: 'false',
        uploadConcurrency: '8',
        requestTimeoutMs: '1000',
      });
      expect(config).toMatchObject({ forcePathStyle: false, uploadConcurrency: 8, requestTimeoutMs: 1000 });
    });

    test('reads a number that Ghost made of a name as the name', () => {
      expect(parseConfig({ ...required, bucket: 2026, tenantPrefix: 7 }).config).toMatchObject({
        bucket: '2026',
        tenantPrefix: '7',
      });
    });

    test.each(['1.5', '-1', '1e3', ' 8', 'eight', true])('refuses %p for a number', (value) => {
      expect(refusal({ ...required, maxAttempts: value })).toContain('"maxAttempts" is');
    });

    test.each(['False', '0', 'no', 0, 1])('refuses %p for true or false', (value) => {
      expect(refusal({ ...required, forcePathStyle: value })).toContain('must be true or false');
    });
  });

  describe('what is left of the way a value was written', () => {
    const options = [
      ['cdnUrl', 'https://images.example.com'],
      ['bucket', 'blog-images'],
      ['region', 'eu-west-1'],
      ['cacheControl', 'public, max-age=60'],
      ['cdnFallbackSecret', 's3cr3t-of-sixteen-characters'],
      ['accessKeyId', 's3cr3tAKIA'],
      ['secretAccessKey', 's3cr3t/key+'],
      ['endpoint', 'https://s3.example.com'],
      ['tenantPrefix', 'blog'],
      ['storageClass', 'STANDARD'],
    ] as const;
    const all = { ...required, ...Object.fromEntries(options) };

    test.each(options.flatMap(([name, value]) => [`'${value}'`, `"${value}"`, `“${value}”`].map((it) => [name, it])))(
      'refuses the quotation marks in "%s": %s',
      (name, value) => {
        const message = refusal({ ...all, [name]: value });
        expect(message).toMatch(new RegExp(`"${name}"[^;]* has quotation marks around it: remove them`));
        expect(message.includes('s3cr3t')).toBe(false);
      },
    );

    test.each(
      options.flatMap(([name]) =>
        ['${CDN_URL}', '$CDN_URL', '{{ cdn_url }}', '%CDN_URL%', '<your-value>', '${S3:-}'].map((value) => [
          name,
          value,
        ]),
      ),
    )('refuses the placeholder in "%s": %s', (name, value) => {
      expect(refusal({ ...all, [name]: value })).toMatch(
        new RegExp(`"${name}"[^;]* is a placeholder that was not replaced`),
      );
    });

    test('refuses a placeholder inside of an address', () => {
      expect(refusal({ ...required, cdnUrl: 'https://${HOST}/x' })).toContain('is a placeholder');
    });

    test.each(['undefined', 'null', '[object Object]'])('refuses %s', (value) => {
      expect(refusal({ ...required, bucket: value })).toContain('"bucket" is "');
    });

    test('takes a key of a service with any characters in it', () => {
      const secretAccessKey = `'$\{a}<b>%PATH%"`;
      expect(parseConfig({ ...all, secretAccessKey }).config.secretAccessKey).toBe(secretAccessKey);
    });

    test('names the variable of the environment that a wrong value comes from', () => {
      process.env.storage__S3CloudFrontStorage__cdnUrl = 'images';
      expect(refusal({ ...required, cdnUrl: 'images' })).toContain(
        '"cdnUrl" is "images" (from storage__S3CloudFrontStorage__cdnUrl), but must be the URL of your CDN',
      );
      delete process.env.storage__S3CloudFrontStorage__cdnUrl;
      expect(refusal({ ...required, cdnUrl: 'images' })).toContain('"cdnUrl" is "images", but');
    });
  });

  describe('a key of digits, which Ghost reads as a number', () => {
    test('is taken as it is', () => {
      const { config } = parseConfig({ ...required, accessKeyId: 123456, secretAccessKey: 654321 });
      expect(config).toMatchObject({ accessKeyId: '123456', secretAccessKey: '654321' });
    });

    test.each([1e21, Number('12345678901234567890'), 0.5, true, { key: 1 }])(
      'is refused with the way to quote it: %p',
      (key) => {
        const message = refusal({ ...required, accessKeyId: key, secretAccessKey: 'x' });
        expect(message).toMatch(
          /"accessKeyId" must be the access key ID as text: write it as text, in quotes \(.*'"…"'/,
        );
      },
    );
  });

  describe('an endpoint with the bucket in it', () => {
    test.each([
      ['https://blog.s3.example.com', 'https://s3.example.com'],
      ['https://Blog.s3.example.com/', 'https://s3.example.com'],
      ['https://blog.fra1.digitaloceanspaces.com', 'https://fra1.digitaloceanspaces.com'],
      ['https://s3.example.com/blog', 'https://s3.example.com'],
      ['https://s3.example.com/blog/', 'https://s3.example.com'],
      ['https://s3.example.com:9000/blog', 'https://s3.example.com:9000'],
      ['https://s3.example.com/blog/content/images', 'https://s3.example.com'],
      ['https://abc.supabase.co/storage/v1/s3/blog', 'https://abc.supabase.co/storage/v1/s3'],
      ['https://blog.example.com', 'https://example.com'],
    ])('is refused: %s', (endpoint, right) => {
      expect(refusal({ ...required, bucket: 'blog', endpoint })).toContain(
        `"endpoint" contains the bucket name: write "${right}"`,
      );
    });

    test.each([
      'https://blog.s3.eu-central-1.amazonaws.com',
      'https://blog.0123abcd.r2.cloudflarestorage.com',
      'https://blog.fsn1.your-objectstorage.com',
      'https://blog.minio.example.com',
      'https://blog.ewr1.vultrobjects.com',
    ])('is refused with forcePathStyle, too: %s', (endpoint) => {
      expect(refusal({ ...required, bucket: 'blog', endpoint, forcePathStyle: true })).toContain(
        `"endpoint" contains the bucket name: write "${endpoint.replace('blog.', '')}"`,
      );
    });

    test.each([
      ['blog', 'https://s3.example.com', undefined],
      ['blog', 'https://abc.supabase.co/storage/v1/s3', true],
      ['s3', 'https://abc.supabase.co/storage/v1/s3', true],
      ['blog', 'https://blogs.s3.example.com', undefined],
      ['blog', 'http://blog.example.com:9000', true],
      ['minio', 'http://minio:9000', true],
      ['blog', 'http://127.0.0.1:9000', true],
      ['images', 'https://images.home.example.com', true],
      ['minio', 'https://minio.example.co.uk', true],
      ['storage', 'https://supabase.example.com/proxy/storage/v1/s3', true],
    ])('is not seen where there is none: bucket %s at %s', (bucket, endpoint, forcePathStyle) => {
      expect(parseConfig({ ...required, bucket, endpoint, forcePathStyle }).config.endpoint).toBe(endpoint);
    });
  });

  test('refuses an availability zone as a region', () => {
    expect(refusal({ ...required, region: 'eu-west-1a' })).toContain(
      'an availability zone: write the region, "eu-west-1"',
    );
  });

  test.each(['Cache-Control: public, max-age=60', '31536000', 31536000])(
    'refuses %p in place of the value of a Cache-Control header',
    (cacheControl) => {
      expect(refusal({ ...required, cacheControl })).toContain('must be the value of a Cache-Control header');
    },
  );

  describe('cdnUrl', () => {
    test.each([
      ['images.example.com', 'https://images.example.com'],
      ['//images.example.com', 'https://images.example.com'],
      ['https://images.example.com/', 'https://images.example.com'],
      ['https://Images.Example.com//', 'https://images.example.com'],
      ['https://images.example.com:443', 'https://images.example.com'],
      ['https://cdn.example.com/tenant7/', 'https://cdn.example.com/tenant7'],
      ['http://localhost:8080', 'http://localhost:8080'],
      ['http://images.localhost:8080/', 'http://images.localhost:8080'],
      ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
      ['http://[::1]:8080', 'http://[::1]:8080'],
      [' https://images.example.com ', 'https://images.example.com'],
      ['https://images.example.com./', 'https://images.example.com'],
    ])('%s is understood as %s', (written, understood) => {
      expect(parseConfig({ ...required, cdnUrl: written }).config.cdnUrl).toBe(understood);
    });

    test('is refused over http: but on this machine', () => {
      expect(refusal({ ...required, cdnUrl: 'http://images.example.com' })).toContain(
        '"cdnUrl" is "http://images.example.com", but must start with https://',
      );
      expect(refusal({ ...required, cdnUrl: 'http://127.0.0.1.example.com' })).toContain('must start with https://');
    });

    test.each([
      "'https://images.example.com",
      'https://images.example.com"',
      'https//images.example.com',
      'https:/images.example.com',
      'https:images.example.com',
      'https:\\\\images.example.com',
      'htps://images.example.com',
      'https://https://images.example.com',
      'images',
      'https://images',
      'https://.example.com',
      'https://images..example.com',
      'https://-images.example.com',
      'https://my_images.example.com',
      'https://*.example.com',
      'https://images.example.com,https://cdn.example.com',
      'https://images.example.com/a b',
      'https://images.example.com/<path>',
    ])('refuses %p, which is not an address', (written) => {
      expect(refusal({ ...required, cdnUrl: written })).toMatch(/"cdnUrl" is "|"cdnUrl" is an? /);
    });

    test.each(['', '   ', 'https://', 'ftp://images.example.com', 'https://a b.example.com', 7.5, {}])(
      'refuses %p',
      (cdnUrl) => {
        expect(refusal({ ...required, cdnUrl })).toContain('must be the URL of your CDN');
      },
    );

    test.each(['https://images.example.com/?v=1', 'https://images.example.com/#top'])(
      'refuses %s, which has a query or fragment',
      (cdnUrl) => {
        expect(refusal({ ...required, cdnUrl })).toContain('must not contain a query or a fragment');
      },
    );

    test.each(['https://images.example.com/content/images', 'https://images.example.com/base/content/media/'])(
      'refuses %s, with the path that is added to it',
      (cdnUrl) => {
        expect(refusal({ ...required, cdnUrl })).toContain('must be the URL of the CDN without "/content/images"');
      },
    );

    test('refuses a user name in the address', () => {
      expect(refusal({ ...required, cdnUrl: 'https://user:pass@images.example.com' })).toContain(
        'must not contain a user name',
      );
    });
  });

  describe('prefixes', () => {
    test('lose their slashes at the ends', () => {
      const { config } = parseConfig({ ...required, staticFileURLPrefix: '/content/files/', tenantPrefix: '/a/b/' });
      expect(config).toMatchObject({ staticFileURLPrefix: 'content/files', tenantPrefix: 'a/b' });
    });

    test.each(['..', '../other', 'a/../b', 'a//b', './a', 'a b', 'a?b', 'a%2e', 'ä', 'a\\b'])('refuse %p', (prefix) => {
      expect(refusal({ ...required, tenantPrefix: prefix })).toContain('"tenantPrefix" is');
      expect(refusal({ ...required, staticFileURLPrefix: prefix })).toContain('"staticFileURLPrefix" is');
    });

    test.each(['content/images', 'a/content/media', 'a/content/files/b'])(
      'of a tenant refuse %s, among the files of another',
      (prefix) => {
        expect(refusal({ ...required, tenantPrefix: prefix })).toContain('would be among those of another blog');
      },
    );

    test('may not be empty for files, and may for tenants', () => {
      expect(refusal({ ...required, staticFileURLPrefix: '/' })).toContain('"staticFileURLPrefix" is "/"');
      expect(parseConfig({ ...required, tenantPrefix: '' }).config.tenantPrefix).toBe('');
    });
  });

  test.each(['my-bucket/images', 's3://my-bucket', 'arn:aws:s3:::my-bucket', 'https://b.s3.amazonaws.com'])(
    'refuses %s for the name of a bucket',
    (bucket) => {
      expect(refusal({ ...required, bucket })).toContain('must be only the name of the bucket');
    },
  );

  test.each(['arn:aws:cloudfront::1:distribution/E1', 'd111111abcdef8.cloudfront.net', 'e1'])(
    'refuses the distribution %j',
    (distributionId) => {
      expect(refusal({ ...required, distributionId })).toContain('must be the ID of your CloudFront distribution');
    },
  );

  test.each([
    [{ accessKeyId: 'AKIA' }, '"accessKeyId" is set without "secretAccessKey"'],
    [{ secretAccessKey: 'x' }, '"secretAccessKey" is set without "accessKeyId"'],
    [{ sessionToken: 'x' }, '"sessionToken" is set without'],
    [{ kmsKeyId: 'x' }, '"kmsKeyId" is set, but "serverSideEncryption" is not "aws:kms"'],
    [{ kmsKeyId: 'x', serverSideEncryption: 'AES256' }, '"kmsKeyId" is set, but'],
  ])('refuses options that only make sense together: %j', (options, message) => {
    expect(refusal({ ...required, ...options })).toContain(message);
  });

  test.each([
    ['multipartChunkSizeBytes', 5 * 1024 * 1024 - 1],
    ['multipartUploadThresholdBytes', 0],
    ['multipartUploadThresholdBytes', 1.5],
    ['uploadConcurrency', 0],
    ['uploadConcurrency', 65],
    ['requestTimeoutMs', 99],
    ['maxAttempts', 1.5],
    ['maxAttempts', Number.NaN],
  ])('refuses %s of %p', (name, value) => {
    expect(refusal({ ...required, [name]: value })).toMatch(new RegExp(`"${name}" .*must be a whole number from`));
  });

  test.each(['s3.example.com', 'ftp://s3.example.com', 7])('refuses the endpoint %p', (endpoint) => {
    expect(refusal({ ...required, endpoint })).toContain('"endpoint" is');
  });

  test('takes an option set to nothing, as Docker Compose does with a variable that is not there, for one that is not set', () => {
    const nothing = {
      region: null,
      serve: undefined,
      endpoint: '',
      forcePathStyle: '',
      maxAttempts: '',
      tenantPrefix: '',
    };
    expect(parseConfig({ ...required, ...nothing }).config).toEqual(parseConfig(required).config);
    expect(refusal({ bucket: '', cdnUrl: '' })).toContain('"bucket" is missing');
  });

  test.each(['https://user:s3cr3t@s3.example.com', 'https://:s3cr3t@s3.example.com'])(
    'never shows the password in %s',
    (url) => {
      for (const name of ['endpoint', 'cdnUrl']) {
        const message = refusal({ ...required, [name]: url });
        expect(message).toContain(`"${name}" must not contain a user name or password`);
        expect(message).not.toContain('s3cr3t');
      }
    },
  );

  test.each(['user:s3cr3t@s3.example.com', '//user:s3cr3t@s3.example.com', 's3://KEY:s3cr3t@s3 example'])(
    'never shows the password in the misspelled %s',
    (url) => {
      expect(refusal({ bucket: 'b', endpoint: url, assetHost: url })).not.toContain('s3cr3t');
    },
  );

  test('is the one that the README gives', () => {
    const readme = readFileSync(path.join(__dirname, '../../../README.md'), 'utf8');
    const [, block = ''] = /```json\n(.*?)```/s.exec(readme) ?? [];
    const { storage } = JSON.parse(block) as { storage: Record<string, Record<string, unknown>> };
    for (const feature of [{}, storage.media, storage.files]) {
      // Ghost takes the adapter's name out of what it passes on.
      const options = { ...storage.S3CloudFrontStorage, ...feature, adapter: undefined };
      expect(parseConfig(options).config).toMatchObject({
        bucket: 'blog-images',
        cdnUrl: 'https://images.example.com',
      });
    }
  });

  test('takes the line break off a key that came from a file', () => {
    const { config } = parseConfig({
      ...required,
      accessKeyId: 'AKIA\n',
      secretAccessKey: 'secret\r\n',
      cdnFallbackSecret: '0123456789abcdef\n',
    });
    expect(config).toMatchObject({
      accessKeyId: 'AKIA',
      secretAccessKey: 'secret',
      cdnFallbackSecret: ['0123456789abcdef'],
    });
  });

  describe('the secret of the CDN, while it is replaced', () => {
    const [fresh, former] = ['the-new-secret-of-the-cdn', 'the-former-secret-of-the-cdn'];
    const secrets = (cdnFallbackSecret: unknown) => parseConfig({ ...required, cdnFallbackSecret }).config;

    test.each([
      ['one', former, [former]],
      ['a list of one', [former], [former]],
      ['a list of the new one and the former one', [fresh, `${former}\n`], [fresh, former]],
      ['the object that Ghost makes of variables that end in __0 and __1', { 0: fresh, 1: former }, [fresh, former]],
    ])('may be %s', (_, given, expected) => {
      expect(secrets(given).cdnFallbackSecret).toEqual(expected);
    });

    test.each([
      ['three', [fresh, former, 'one-secret-too-many'], /one secret, or a list of two different secrets/],
      ['an empty list', [], /one secret, or a list of two different secrets/],
      ['the same one twice', [fresh, ` ${fresh}`], /one secret, or a list of two different secrets/],
      ['another object', { new: fresh, old: former }, /one secret, or a list of two different secrets/],
      ['one that is too short', [fresh, 'short'], /must have at least 16 characters/],
      ['one that is empty', ['', former], /must be text/],
      ['a number that Ghost has made of digits', [fresh, 1e20], /must be text: write it as text/],
      ['a placeholder', [fresh, '${FORMER_SECRET}'], /is a placeholder that was not replaced/],
      ['one in quotation marks', [`"${fresh}"`, former], /has quotation marks around it/],
      ['a list as the text of a file', JSON.stringify([fresh, former]), /use one file for each secret/],
    ])('is refused for %s, and not shown', (_, cdnFallbackSecret, reason) => {
      const message = refusal({ ...required, cdnFallbackSecret });
      expect(message).toMatch(reason);
      expect(message).toMatch(/^[^;]*"cdnFallbackSecret"[^;]*$/);
      expect(message).not.toMatch(/-secret-/);
    });

    test('is named with the variable of the environment that it comes from', () => {
      process.env.storage__S3CloudFrontStorage__cdnFallbackSecret__1 = 'short';
      expect(refusal({ ...required, cdnFallbackSecret: { 0: fresh, 1: 'short' } })).toContain(
        '(from storage__S3CloudFrontStorage__cdnFallbackSecret__1)',
      );
      delete process.env.storage__S3CloudFrontStorage__cdnFallbackSecret__1;
    });
  });

  test.each([
    ['cdnFallbackSecret', 'geheimnis-über-alles'],
    ['secretAccessKey', 'two\nlines'],
    ['acl', 'public-read\nX-Evil: 1'],
    ['storageClass', 'GLACIER IR'],
    ['region', 'eu/west'],
    ['bucket', 'My Bucket'],
    ['bucket', '..'],
  ])('refuses the %s %j, which no request could carry', (name, value) => {
    expect(refusal({ ...required, accessKeyId: 'AKIA', secretAccessKey: 'x', [name]: value })).toContain(`"${name}"`);
  });

  test('knows no option by the name of what every object has', () => {
    expect(refusal({ ...required, constructor: 'x' })).toContain(
      '"constructor" is not an option of this adapter. Did you mean',
    );
  });

  describe('of an older adapter', () => {
    test('is understood, with a word on the new name', () => {
      const { config, notices } = parseConfig({ bucket: 'b', assetHost: 'cdn.example.com', pathPrefix: '/blog/' });
      expect(config).toMatchObject({ cdnUrl: 'https://cdn.example.com', staticFileURLPrefix: 'blog' });
      expect(notices).toEqual([
        expect.stringContaining('"assetHost" is called "cdnUrl"'),
        expect.stringContaining('"pathPrefix" is called "staticFileURLPrefix"'),
      ]);
    });

    test('gives way to the new names, and an empty pathPrefix to the default', () => {
      const { config } = parseConfig({ ...required, assetHost: 'old.example.com', pathPrefix: '' });
      expect(config).toMatchObject({ cdnUrl: 'https://images.example.com', staticFileURLPrefix: 'content/images' });
    });
  });
});
