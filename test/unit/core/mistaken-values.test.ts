import { parseConfig } from '../../../src/core/config';
import { REQUIRED_OPTIONS as required, refusal } from '../../support/refused-config';

describe('an address that can only be another one', () => {
  test.each([
    ['cdnUrl', 'https://console.aws.amazon.com/s3/buckets/blog', 'is the AWS console'],
    ['cdnUrl', 'https://s3.console.aws.amazon.com/s3/buckets/blog', 'is the AWS console'],
    ['cdnUrl', 'eu-central-1.console.aws.amazon.com', 'is the AWS console'],
    ['cdnUrl', 'https://eu-central-1.console.amazonaws-us-gov.com', 'is the AWS console'],
    ['cdnUrl', 'https://s3.amazonaws.com', 'S3 itself'],
    ['cdnUrl', 'https://s3.eu-central-1.amazonaws.com/', 'S3 itself'],
    ['cdnUrl', 'https://s3.dualstack.eu-central-1.amazonaws.com', 'S3 itself'],
    ['cdnUrl', 'https://s3.cn-north-1.amazonaws.com.cn', 'S3 itself'],
    ['cdnUrl', 'http://blog.s3-website.eu-central-1.amazonaws.com', 'website endpoint'],
    ['cdnUrl', 'https://blog.s3-website-us-east-1.amazonaws.com', 'website endpoint'],
    ['endpoint', 'https://s3.console.aws.amazon.com', 'is the AWS console'],
    ['endpoint', 'https://d111111abcdef8.cloudfront.net', 'CloudFront'],
    ['endpoint', 'https://blog2.s3-website.eu-central-1.amazonaws.com', 'website endpoint'],
  ])('is refused: "%s" %s', (option, value, what) => {
    const message = refusal({ ...required, [option]: value });
    expect(message).toContain(`"${option}" is "${value}"`);
    expect(message).toContain(what);
    expect(message).toContain(option === 'cdnUrl' ? 'https://images.example.com' : 'remove');
  });

  test('names the variable that it comes from', () => {
    process.env.storage__S3CloudFrontStorage__endpoint = 'https://d111111abcdef8.cloudfront.net';
    try {
      expect(refusal({ ...required, endpoint: 'https://d111111abcdef8.cloudfront.net' })).toContain(
        '"endpoint" is "https://d111111abcdef8.cloudfront.net" (from storage__S3CloudFrontStorage__endpoint), but',
      );
    } finally {
      delete process.env.storage__S3CloudFrontStorage__endpoint;
    }
  });

  test.each([
    { cdnUrl: 'https://d111111abcdef8.cloudfront.net' },
    // A public bucket without a CDN works.
    { cdnUrl: 'https://blog.s3.eu-central-1.amazonaws.com' },
    { cdnUrl: 'https://s3.eu-central-1.amazonaws.com/blog' },
    { cdnUrl: 'https://s3.example.com' },
    { cdnUrl: 'https://console.example.com' },
    { endpoint: 'https://s3.eu-central-1.amazonaws.com' },
    { endpoint: 'https://s3.amazonaws.com' },
    { endpoint: 'https://s3-accelerate.amazonaws.com' },
    { endpoint: 'https://vpce-1a2b3c4d.s3.us-east-1.vpce.amazonaws.com' },
    { endpoint: 'https://console.example.com' },
  ])('is taken where it can work: %j', (given) => {
    expect(parseConfig({ ...required, ...given }).config).toMatchObject(given);
  });
});

describe('a region that is written as the console shows it', () => {
  test.each([
    ['Frankfurt', 'eu-central-1'],
    ['EU (Frankfurt)', 'eu-central-1'],
    ['Europe (Frankfurt) eu-central-1', 'eu-central-1'],
    ['US East (N. Virginia)', 'us-east-1'],
    ['Asia Pacific (Tokyo)', 'ap-northeast-1'],
    ['ohio', 'us-east-2'],
    ['Canada West (Calgary)', 'ca-west-1'],
    ['Canada (Central)', 'ca-central-1'],
    ['EU-CENTRAL-1', 'eu-central-1'],
    ['eu_central_1', 'eu-central-1'],
  ])('is refused with the right one: %s', (region, right) => {
    expect(refusal({ ...required, region })).toContain(
      `"region" is "${region}", but must be a region code: write "${right}"`,
    );
  });

  test.each(['Frankfurt', 'RegionOne', 'garage', 'EU-CENTRAL-1'])(
    'is taken at another service, which may call it so: %s',
    (region) => {
      expect(parseConfig({ ...required, region, endpoint: 'https://s3.example.com' }).config.region).toBe(region);
    },
  );

  test.each(['eu-central-1', 'us-gov-west-1', 'mx-central-1', 'xy-new-7', 'RegionOne', 'garage'])(
    'is taken as it is otherwise: %s',
    (region) => {
      expect(parseConfig({ ...required, region }).config.region).toBe(region);
    },
  );
});

test.each([
  ['arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE1ABCD', 'write "E2EXAMPLE1ABCD"'],
  ['d111111abcdef8.cloudfront.net', 'the CloudFront console lists it in the column "ID"'],
  ['https://images.example.com', 'the CloudFront console lists it in the column "ID"'],
])('refuses the distributionId %s, and says where the right one is', (distributionId, fix) => {
  const message = refusal({ ...required, distributionId });
  expect(message).toContain(`"distributionId" is "${distributionId}", but must be the ID`);
  expect(message).toContain(fix);
});

test.each([
  ['arn:aws:s3:::blog', 'blog'],
  ['arn:aws:s3:::blog/*', 'blog'],
  ['s3://blog', 'blog'],
  ['s3://blog/content', 'blog'],
  ['blog/', 'blog'],
  ['blog/content', 'blog'],
  ['https://blog.s3.eu-central-1.amazonaws.com', 'blog'],
  ['https://s3.eu-central-1.amazonaws.com/blog/content', 'blog'],
])('refuses %s for the name of a bucket, and names the bucket in it', (bucket, name) => {
  const message = refusal({ ...required, bucket });
  expect(message).toContain(`"bucket" is "${bucket}", but must be only the name of the bucket`);
  expect(message).toContain(`write "${name}"`);
});

test.each(['GLACIER', 'DEEP_ARCHIVE'])('refuses the storage class %s, which cannot be read from at once', (name) => {
  expect(refusal({ ...required, storageClass: name })).toContain(`"storageClass" is "${name}", but`);
  expect(parseConfig({ ...required, storageClass: 'GLACIER_IR' }).config.storageClass).toBe('GLACIER_IR');
});

test('refuses keys that are swapped, and shows neither', () => {
  const keys = { accessKeyId: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', secretAccessKey: 'AKIAIOSFODNN7EXAMPLE' };
  const message = refusal({ ...required, ...keys });
  expect(message).toContain('"secretAccessKey" is an access key ID: "accessKeyId" and "secretAccessKey" are swapped');
  expect(message).not.toMatch(/AKIA|wJal/);
});
