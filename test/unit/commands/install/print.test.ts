import { execFileSync } from 'node:child_process';
import { parse } from 'yaml';
import { planConfigChange } from '../../../../src/commands/install/config-change';
import { jsonSettings } from '../../../../src/ghost-site/settings-file';
import { manualSetup } from '../../../../src/commands/install/print';
import { quoted } from '../../../../src/shell/text';

const GIVEN = { bucket: 'blog-images', region: 'eu-central-1', cdnUrl: 'https://images.example.com' };

function print(block: object, major?: number) {
  const text = JSON.stringify({ storage: { S3CloudFrontStorage: block } });
  return manualSetup(
    planConfigChange({ text, settings: jsonSettings('config.production.json', () => ({})), major }, {}).all,
    major,
  );
}

describe('what --print gives', () => {
  test('is the block of the configuration, and the same by the names of the environment', () => {
    const { config, environment, hasSecrets } = print({ ...GIVEN, forcePathStyle: true });
    expect(config).toMatchObject({ storage: { active: 'S3CloudFrontStorage' }, urls: { image: GIVEN.cdnUrl } });
    expect(environment).toMatchObject({
      storage__active: 'S3CloudFrontStorage',
      storage__media__staticFileURLPrefix: 'content/media',
      storage__S3CloudFrontStorage__bucket: 'blog-images',
      storage__S3CloudFrontStorage__forcePathStyle: 'true',
      urls__files: GIVEN.cdnUrl,
    });
    expect(hasSecrets).toBe(false);
  });

  test('holds no secret in any of its forms, and says so', () => {
    const secrets = { accessKeyId: 'hidden1', secretAccessKey: 'hidden2', cdnFallbackSecret: 'hidden-hidden-hidden' };
    const ways = print({ ...GIVEN, ...secrets });
    expect(JSON.stringify(ways)).not.toContain('hidden');
    expect(ways.environment.storage__S3CloudFrontStorage__secretAccessKey).toBe('********');
    expect(ways.hasSecrets).toBe(true);
  });

  test('is a variable for each of two secrets, masked: Ghost makes one option of them', () => {
    const { environment } = print({ ...GIVEN, cdnFallbackSecret: ['hidden-hidden-hidden', 'hidden-hidden-former'] });
    expect(environment).toMatchObject({
      storage__S3CloudFrontStorage__cdnFallbackSecret__0: '********',
      storage__S3CloudFrontStorage__cdnFallbackSecret__1: '********',
    });
  });

  test('is YAML for Docker Compose, with dollars that it does not replace', () => {
    const { compose, environment } = print({ ...GIVEN, cacheControl: 'max-age=1, "$x": \'yes\' # no' });
    const { services, volumes } = parse(compose) as {
      services: { ghost: { volumes: string[]; environment: object } };
      volumes: object;
    };
    // Compose refuses a volume that is not declared.
    expect([services.ghost.volumes[0], volumes]).toEqual(['ghost:/var/lib/ghost/content', { ghost: {} }]);
    expect(services.ghost.environment).toEqual({
      ...environment,
      storage__S3CloudFrontStorage__cacheControl: 'max-age=1, "$$x": \'yes\' # no',
    });
    expect(services.ghost.volumes[1]).toMatch(/^\.\/S3CloudFrontStorage:.*\/content\/adapters\/storage\/\w+$/);
  });

  test('has the override with which a site that moves to ghost-docker finds the adapter before its first start', () => {
    expect(parse(print(GIVEN).composeOverride ?? '')).toEqual({
      services: {
        ghost: { volumes: ['./S3CloudFrontStorage:/home/ghost/content/adapters/storage/S3CloudFrontStorage'] },
      },
    });
    expect(print(GIVEN, 5).composeOverride).toBeUndefined();
  });

  test.each([
    ['6.53.0', false],
    ['6.54.0', false],
    ['6.54.1', true],
    ['6.65.0', true],
  ])('has a Dockerfile with paths__installedAdaptersPath for Ghost %s: %p', (version, has) => {
    const all = planConfigChange(
      {
        text: JSON.stringify({ storage: { S3CloudFrontStorage: GIVEN } }),
        settings: jsonSettings('x.json', () => ({})),
      },
      {},
    ).all;
    expect(manualSetup(all, 6, { version }).dockerfile?.includes('paths__installedAdaptersPath') ?? false).toBe(has);
  });

  test('has a Dockerfile that puts the adapter next to the volume, on Ghost 6', () => {
    expect(print(GIVEN).dockerfile).toMatch(
      /^FROM ghost:6[^]*ENV paths__installedAdaptersPath=\/var\/lib\/ghost\/adapters/,
    );
    const ghost5 = print(GIVEN, 5);
    expect(ghost5.dockerfile).toBeUndefined();
    expect(ghost5.compose).toContain('image: ghost:5');
    expect(ghost5.config).not.toHaveProperty('urls');
  });

  const onUnix = process.platform === 'win32' ? test.skip : test;
  onUnix.each(['blog-images', 'https://images.example.com', 'public, max-age=1', `it's "$HOME" \`x\` \\`, ''])(
    'is quoted so that a shell takes it as it is: %s',
    (value) => {
      const output = execFileSync('sh', ['-c', `NAME=${quoted(value)}; printf %s "$NAME"`], { encoding: 'utf8' });
      expect(output).toBe(value);
    },
  );
});
