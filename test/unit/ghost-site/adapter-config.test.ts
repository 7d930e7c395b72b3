import { readAdapterConfigs } from '../../../src/ghost-site/adapter-config';
import type { AdapterOptions } from '../../../src/ghost-site/options';

const block = { bucket: 'blog-images', region: 'eu-central-1', cdnUrl: 'https://images.example.com' };

/** Returns the error of a configuration with options of the command line. */
function refusal(options: AdapterOptions, storage: Record<string, string> = block): { message: string; cure: string } {
  try {
    readAdapterConfigs({ storage: { S3CloudFrontStorage: storage } }, options);
  } catch (error) {
    return error as { message: string; cure: string };
  }
  throw new Error('nothing was refused');
}

const variable = 'storage__S3CloudFrontStorage__cdnUrl';
afterEach(() => delete process.env[variable]);

describe('a fault in an option is corrected where it comes from', () => {
  test('on the command line', () => {
    const { message, cure } = refusal({ cdnUrl: 'htp://images.example.com' });
    expect(message).toContain('"cdnUrl" is "htp://images.example.com" (from --cdn-url)');
    expect(cure).toBe('Correct --cdn-url and run the command again.');
  });

  test('in the environment', () => {
    process.env[variable] = 'htp://images.example.com';
    const { cure } = refusal({}, { ...block, cdnUrl: 'htp://images.example.com' });
    expect(cure).toBe(`Correct ${variable} and start Ghost again.`);
  });

  test('in the configuration', () => {
    const { cure } = refusal({}, { ...block, cdnUrl: 'htp://images.example.com' });
    expect(cure).toContain('Correct the block "storage" → "S3CloudFrontStorage" in');
  });

  test('in several places', () => {
    const { cure } = refusal({ cdnUrl: 'htp://images.example.com' }, { ...block, region: 'eu-central-1a' });
    expect(cure).toBe('Correct --cdn-url and run the command again.');
    expect(refusal({ cdnUrl: 'htp://images' }, { ...block, bucket: 'My Bucket' }).cure).toMatch(
      /^Correct .*--cdn-url.*S3CloudFrontStorage" in .* and start Ghost again\.$|^Correct the block .* and --cdn-url and start Ghost again\.$/,
    );
  });
});
