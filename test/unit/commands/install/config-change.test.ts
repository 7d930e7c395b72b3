import { type ConfigOptions, planConfigChange } from '../../../../src/commands/install/config-change';
import { jsonSettings } from '../../../../src/ghost-site/settings-file';

const GIVEN = { bucket: 'blog-images', region: 'eu-central-1', cdnUrl: 'https://images.example.com' };
const USE = {
  active: 'S3CloudFrontStorage',
  media: { adapter: 'S3CloudFrontStorage', staticFileURLPrefix: 'content/media' },
  files: { adapter: 'S3CloudFrontStorage', staticFileURLPrefix: 'content/files' },
};
const URLS = {
  image: 'https://images.example.com',
  media: 'https://images.example.com',
  files: 'https://images.example.com',
};

interface Ghost {
  major?: number;
  environment?: object;
}

function plan(config: object, options: ConfigOptions = {}, { major = 6, environment = {} }: Ghost = {}) {
  const settingsFile = jsonSettings('config.production.json', () => environment);
  const sources = { text: JSON.stringify(config, null, 2), settings: settingsFile, major };
  const { text, settings, notices } = planConfigChange(sources, options);
  return { config: JSON.parse(text) as Record<string, unknown>, text, settings, notices };
}

/** Message and fix of the failure. */
function refusal(...parameters: Parameters<typeof plan>): string {
  try {
    plan(...parameters);
  } catch (error) {
    const { message, cure } = error as Error & { cure: string };
    return `${message}\n${cure}`;
  }
  throw new Error('It was not refused.');
}

describe('the configuration that is written', () => {
  test('names the adapter for images, media and files, and the CDN in urls', () => {
    const { config } = plan({ url: 'https://blog.example.com' }, GIVEN);
    expect(config).toEqual({
      url: 'https://blog.example.com',
      storage: { ...USE, S3CloudFrontStorage: GIVEN },
      urls: URLS,
    });
  });

  test('is used from the block that is there, as after "provision --write-config"', () => {
    const { config } = plan({ storage: { S3CloudFrontStorage: { ...GIVEN, maxAttempts: 7 } } });
    expect(config).toEqual({ storage: { S3CloudFrontStorage: { ...GIVEN, maxAttempts: 7 }, ...USE }, urls: URLS });
  });

  test('has nothing to change the second time', () => {
    const { text, config } = plan({}, GIVEN);
    const again = plan(config, GIVEN);
    expect(again.settings).toEqual([]);
    expect(again.text).toBe(text);
    expect(plan(config).settings).toEqual([]);
  });

  test('leaves urls out on Ghost 5, which does not know them, and does not take those away that are there', () => {
    expect(plan({}, GIVEN, { major: 5 }).config).toEqual({ storage: { ...USE, S3CloudFrontStorage: GIVEN } });
    expect(plan({ urls: { image: 'https://x.example' } }, GIVEN, { major: 5 }).config.urls).toEqual({
      image: 'https://x.example',
    });
  });

  test('comes with a warning that image sizes can be missing, where urls are new and the CDN has no secret for Ghost', () => {
    const secret = { cdnFallbackSecret: 'secret-of-the-cdn' };
    const block = (options: object) => ({ storage: { S3CloudFrontStorage: { ...GIVEN, ...options } } });
    expect(plan(block({})).notices).toEqual([
      expect.stringMatching(/image sizes from https:\/\/images\.example\.com, but "cdnFallbackSecret" is not set/),
    ]);
    expect(plan(block(secret)).notices).toEqual([]);
    expect(plan({ ...block({}), urls: URLS }).notices).toEqual([]);
    expect(plan(block({}), {}, { major: 5 }).notices).toEqual([]);
    // Ghost itself gets all requests there.
    expect(plan({ ...block({}), url: 'https://images.example.com/blog' }).notices).toEqual([]);
  });

  test('has urls with the prefix of the tenant, and in place of those with a content path', () => {
    const config = { urls: { image: 'https://images.example.com/content/images', gravatar: 'https://g.example' } };
    const url = 'https://images.example.com/blogs/7';
    expect(plan(config, { ...GIVEN, tenantPrefix: 'blogs/7' }).config.urls).toEqual({
      image: url,
      media: url,
      files: url,
      gravatar: 'https://g.example',
    });
  });

  test('has the URL of the CDN with its scheme', () => {
    const { config } = plan({}, { ...GIVEN, cdnUrl: 'images.example.com/' });
    expect(config).toMatchObject({ storage: { S3CloudFrontStorage: GIVEN }, urls: URLS });
  });

  test('goes below adapters where Ghost reads storage from there', () => {
    const { config } = plan(
      { adapters: { storage: { active: 'LocalImagesStorage' } }, storage: { active: 'x' } },
      GIVEN,
    );
    expect(config).toMatchObject({
      adapters: { storage: { ...USE, S3CloudFrontStorage: GIVEN } },
      storage: { active: 'x' },
    });
  });

  test('keeps what media has of its own', () => {
    const media = { adapter: 'S3CloudFrontStorage', bucket: 'videos', staticFileURLPrefix: 'content/media' };
    const { config } = plan({ storage: { media } }, GIVEN);
    expect(config.storage).toMatchObject({ ...USE, media });
  });

  test('gives media its own prefix where it is null, which counts as not set', () => {
    const { config } = plan(
      { storage: { media: { adapter: 'S3CloudFrontStorage', staticFileURLPrefix: null } } },
      GIVEN,
    );
    expect(config.storage).toMatchObject(USE);
  });

  test('leaves what the environment sets to the environment', () => {
    const environment = {
      storage: { ...USE, S3CloudFrontStorage: { ...GIVEN, secretAccessKey: 's', accessKeyId: 'a' } },
    };
    const { config } = plan({ url: 'https://blog.example.com' }, {}, { environment });
    expect(config).toEqual({ url: 'https://blog.example.com', urls: URLS });
  });
});

describe('options of another adapter', () => {
  test('are taken over from S3Storage of Ghost itself, with what media and files have of their own', () => {
    const S3Storage = {
      ...GIVEN,
      staticFileURLPrefix: 'content/images',
      multipartChunkSizeBytes: 10_485_760,
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: 'wJalr',
    };
    const storage = {
      active: 'S3Storage',
      media: { adapter: 'S3Storage', staticFileURLPrefix: 'content/media', bucket: 'videos' },
      S3Storage,
    };
    const { config, notices } = plan({ storage }, { from: 'S3Storage' });
    const options: Partial<typeof S3Storage> = { ...S3Storage };
    delete options.staticFileURLPrefix;
    expect(config.storage).toEqual({
      ...USE,
      media: { adapter: 'S3CloudFrontStorage', staticFileURLPrefix: 'content/media', bucket: 'videos' },
      S3CloudFrontStorage: options,
      S3Storage,
    });
    expect(notices).toEqual([expect.stringContaining('"cdnFallbackSecret" is not set')]);
  });

  test('are taken over from ghost-storage-adapter-s3 under their new names, without those that are obsolete', () => {
    const s3 = {
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: 'wJalr',
      region: 'eu-central-1',
      bucket: 'blog-images',
      assetHost: 'images.example.com',
      signatureVersion: 'v4',
      pathPrefix: 'uploads',
      acl: 'bucket-owner-full-control',
    };
    const { config, notices } = plan({ storage: { active: 's3', s3 } }, { from: 's3' });
    expect(config.storage).toEqual({
      ...USE,
      s3,
      S3CloudFrontStorage: {
        ...GIVEN,
        accessKeyId: 'AKIAEXAMPLE',
        secretAccessKey: 'wJalr',
        acl: 'bucket-owner-full-control',
      },
    });
    expect(notices.map((notice) => notice.split(' ')[0])).toEqual(['"signatureVersion"', '"pathPrefix"', '"urls"']);
  });

  test('are completed by the command line', () => {
    const storage = { ghos3: { bucket: 'blog-images', region: 'eu-central-1' } };
    const { config } = plan({ storage }, { from: 'ghos3', cdnUrl: 'https://images.example.com' });
    expect(config.storage).toMatchObject({ S3CloudFrontStorage: GIVEN });
  });

  test('are not taken over unasked, but offered', () => {
    const storage = { active: 's3', s3: { bucket: 'blog-images' }, media: { adapter: 's3', bucket: 'videos' } };
    const refused = refusal({ storage });
    expect(refused).toContain('To use the options of "s3": --from s3');
    expect(refused).not.toContain('--from media');
  });

  test('have to be there', () => {
    expect(refusal({ storage: { s3: { bucket: 'x' } } }, { from: 'S3Storage' })).toMatch(/"S3Storage".*\n.*--from s3/);
    expect(refusal({}, { from: 's3' })).toContain('--bucket');
  });
});

describe('before anything is written', () => {
  test('a configuration without a bucket is told the ways to one', () => {
    expect(refusal({})).toMatch(/no block "S3CloudFrontStorage"[^]*--bucket[^]*provision/);
  });

  test('everything that is wrong is told at once', () => {
    const S3CloudFrontStorage = { bukcet: 'x', cdnUrl: 'http://images.example.com', signatureVersion: 'v4' };
    const refused = refusal({ storage: { S3CloudFrontStorage } });
    expect(refused).toMatch(/"bucket" is missing.*"cdnUrl".*https.*"bukcet".*"bucket".*"signatureVersion"/);
  });

  test.each([
    [{ storage: { active: 'LocalImagesStorage' } }, 'storage__active'],
    [{ storage: { media: { adapter: 'S3Storage' } } }, 'storage__media'],
    [{ storage: { S3CloudFrontStorage: { bucket: 'other' } } }, 'storage__S3CloudFrontStorage__bucket'],
    [{ urls: { image: 'https://other.example.com' } }, 'urls__image'],
  ])('the environment that overrides the file is named: %j', (environment, name) => {
    expect(refusal({}, GIVEN, { environment })).toMatch(new RegExp(`The environment .* for ${name}\\.`));
  });
});
